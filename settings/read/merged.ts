import { encrypted } from "../schema/secret.ts";
import { withoutIndent } from "./yaml/lineBreaks.ts";

/** Unquoted texts that some YAML readers take for a number, a time, a boolean or null. */
const ambiguous = /^([-+]?\.?\d.*|[-+]?\.(inf|nan)|y|n|yes|no|on|off|true|false|null|~)$/i;

/** True if the CLI, whose YAML differs, has read a value from the stack file's. */
function isSame(inFile: unknown, fromCli: unknown): boolean {
  if (inFile === encrypted) return true;
  if (typeof inFile !== "object" || inFile === null) {
    return withoutIndent(String(inFile)) === withoutIndent(String(fromCli)) || ambiguous.test(String(inFile));
  }
  if (typeof fromCli !== "object" || fromCli === null || Array.isArray(inFile) !== Array.isArray(fromCli))
    return false;
  const keys = Object.keys(inFile);
  const isSameAt = (key: string) => isSame(Reflect.get(inFile, key), Reflect.get(fromCli, key));
  return (
    keys.length === Object.keys(fromCli).length &&
    keys.every((key) => Object.hasOwn(fromCli, key) && isSameAt(key))
  );
}

/** Returns the stack file's value, with the CLI's decrypted texts in place of encrypted ones. */
function filled(inFile: unknown, fromCli: unknown): unknown {
  if (inFile === encrypted) return fromCli;
  if (typeof inFile !== "object" || inFile === null) return inFile;
  const inner = (key: string | number) => filled(Reflect.get(inFile, key), Reflect.get(Object(fromCli), key));
  if (Array.isArray(inFile)) return inFile.map((_, at) => inner(at));
  return Object.fromEntries(Object.keys(inFile).map((key) => [key, inner(key)]));
}

/**
 * Merges a value of the stack file with the CLI's value of the same key: texts are those of the file, secrets those of
 * the CLI. A value that the CLI has from elsewhere, such as another file, stays the CLI's.
 */
export function merged(inFile: unknown, fromCli: unknown): unknown {
  return isSame(inFile, fromCli) ? filled(inFile, fromCli) : fromCli;
}
