import { createHash } from "node:crypto";
import { bech32 } from "@scure/base";

const prefix = "AGE-SECRET-KEY-";

/** Derives an identity of age from the secret `backupKey`; a secret that is such an identity stays as it is. */
export function identityOf(secret: string): string {
  if (secret.startsWith(`${prefix}1`)) return secret;
  const key = createHash("sha256").update(`airflow-on-celery backup ${secret}`).digest();
  return bech32.encodeFromBytes(prefix.toLowerCase(), key).toUpperCase();
}
