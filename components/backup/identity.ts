import { createHash } from "node:crypto";
import { bech32 } from "@scure/base";

const prefix = "AGE-SECRET-KEY-";

/** Turns the secret `backupKey` into a key of age; a key of age is one already. */
export function identityOf(secret: string): string {
  if (secret.startsWith(`${prefix}1`)) return secret;
  const key = createHash("sha256").update(`airflow-on-celery backup ${secret}`).digest();
  return bech32.encodeFromBytes(prefix.toLowerCase(), key).toUpperCase();
}
