import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { parseStackFile } from "../../../settings/read/stackFile.ts";
import { readText } from "../../../settings/read/yaml/text.ts";
import { expectedCipher } from "../../../settings/rules/secrets/secrets.ts";
import { type Path, spell } from "../../../settings/schema/path.ts";

/** Encrypted value of a stack file that the stack's key does not open. */
export interface ForeignSecret {
  readonly path: Path;
  /** File and line. */
  readonly place: string;
}

/** Keys by salt and passphrase, since a derivation takes half a second. */
const keys = new Map<string, Buffer>();

/** Derives the key of a stack's secrets from a passphrase and a salt `v1:BASE64:…`, as the CLI does. */
function keyOf(passphrase: string, salt: string): Buffer {
  const [, bytes = ""] = salt.split(":");
  const source = `${salt} ${passphrase}`;
  const key =
    keys.get(source) ?? pbkdf2Sync(passphrase, Buffer.from(bytes, "base64"), 1_000_000, 32, "sha256");
  keys.set(source, key);
  return key;
}

/** True if a key opens a ciphertext `v1:NONCE:DATA` of the CLI, which ends with the tag of AES in Galois/Counter Mode. */
function opens(key: Buffer, cipher: string): boolean {
  const [, nonce, data] = cipher.split(":").map((part) => Buffer.from(part, "base64"));
  if (!nonce || !data) return false;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAuthTag(data.subarray(-16));
    decipher.update(data.subarray(0, -16));
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

/** True if a salt was made with a passphrase: the salt ends with a ciphertext of its key. */
export function fits(passphrase: string, salt: string): boolean {
  return opens(keyOf(passphrase, salt), salt.split(":").slice(2).join(":"));
}

/**
 * Lists the encrypted values of a stack file that the stack's key does not open.
 * @param file path of the stack file
 * @param passphrase the stack's passphrase
 * @param salt salt of the stack's key
 */
export function foreignSecrets(file: string, passphrase: string, salt: string): ForeignSecret[] {
  const { ciphers, where } = parseStackFile(readText(file), file);
  if (ciphers.length === 0) return [];
  const key = keyOf(passphrase, salt);
  return ciphers.flatMap(({ path, text }) => (opens(key, text) ? [] : [{ path, place: where(path) }]));
}

/** Words the fault of values that the key of a stack does not open. */
export function foreignFault(foreign: readonly ForeignSecret[], stack: string): string {
  const lines = foreign.map(
    ({ path, place }) =>
      `${place}: ${spell(path)} was encrypted for another stack, or with a key that is lost; ${expectedCipher(path, stack)}.`,
  );
  return [...lines, "A restore from a backup encrypts the values anew that the backup has."].join("\n");
}
