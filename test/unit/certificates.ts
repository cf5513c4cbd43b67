import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { authorityCertificate } from "../../platforms/docker/certificate.ts";

/** Returns a new private key on the curve P-256. */
export function ecKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** Spells a private key in PEM. */
export function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Returns the self-signed certificate of an authority in PEM; a negative number of days makes it an expired one. */
export function authorityOf(key: KeyObject, days = 1): Promise<string> {
  return authorityCertificate(createPublicKey(key), key, days);
}
