import { encrypted } from "../schema/secret.ts";
import { withoutIndent } from "./yaml/lineBreaks.ts";

/** Texts without quotes that some YAML reader reads as a number, a time, a boolean or nothing. */
const ambiguous = /^([-+]?\.?\d.*|[-+]?\.(inf|nan)|y|n|yes|no|on|off|true|false|null|~)$/i;

/** True if the CLI has read a value, with its own YAML, from what the stack file has in this place. */
function isSame(written: unknown, told: unknown): boolean {
  if (written === encrypted) return true;
  if (typeof written !== "object" || written === null) {
    return withoutIndent(String(written)) === withoutIndent(String(told)) || ambiguous.test(String(written));
  }
  if (typeof told !== "object" || told === null || Array.isArray(written) !== Array.isArray(told))
    return false;
  const keys = Object.keys(written);
  return (
    keys.length === Object.keys(told).length &&
    keys.every((key) => Object.hasOwn(told, key) && isSame(Reflect.get(written, key), Reflect.get(told, key)))
  );
}

/** The written value, with decrypted texts in place of encrypted ones. */
function filled(written: unknown, told: unknown): unknown {
  if (written === encrypted) return told;
  if (typeof written !== "object" || written === null) return written;
  const inner = (key: string | number) => filled(Reflect.get(written, key), Reflect.get(Object(told), key));
  if (Array.isArray(written)) return written.map((_, at) => inner(at));
  return Object.fromEntries(Object.keys(written).map((key) => [key, inner(key)]));
}

/**
 * Merges a value that the CLI hands over with the one in the stack file: texts are those of the file, secrets those of
 * the CLI. A value from elsewhere, such as another file, is the CLI's.
 */
export function merged(written: unknown, told: unknown): unknown {
  return isSame(written, told) ? filled(written, told) : told;
}
