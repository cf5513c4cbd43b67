import { isSensitive } from "../../model/known.ts";
import { leavesIn, type Path, samePath, spell } from "../../schema/path.ts";
import { isSecretAt, stackShape, takesTextAt } from "../../schema/shape.ts";
import { defaultVersion } from "../../schema/versions.ts";
import { isReserved } from "../airflow/reserved.ts";
import type { Fault } from "../fault.ts";

function quoteKey(key: string): string {
  return key.includes('"') ? `'${key}'` : key;
}

/** Words what is expected in place of a value that is no secret of the stack. */
export function expectedCipher(path: Path, stack: string): string {
  return `expected an encrypted value: npm run secret -- ${quoteKey(spell(path))} --stack ${stack} writes it`;
}

/** Rejects `{ secure: … }` with a text that is not encrypted. */
export function cipherFaults(undecipherable: readonly Path[], stack: string): Fault[] {
  return undecipherable.map((path) => ({
    path,
    given: "[plaintext]",
    message: `it is not encrypted: ${expectedCipher(path, stack)}`,
  }));
}

/**
 * Rejects secrets in plain text, and encrypted values under keys that do not keep them secret.
 * @param encrypted true if the value at a path is encrypted in the stack
 * @param stack name of the stack, for the command that encrypts
 */
export function secretFaults(
  given: Readonly<Record<string, unknown>>,
  encrypted: (path: Path) => boolean,
  stack: string,
): Fault[] {
  const shape = stackShape();
  const { version = defaultVersion } = given;
  return leavesIn(given).flatMap(([path, leaf]): Fault[] => {
    const [key, section, setting] = path;
    const isSetting = key === "settings" && path.length === 3;
    // `reservedRules` report settings that must not be given at all.
    if (isSetting && isReserved(`${String(section)}.${String(setting)}`.toLowerCase())) return [];
    const secret = isSetting
      ? isSensitive(String(version), String(section), String(setting))
      : isSecretAt(shape, path);
    if (encrypted(path)) {
      if (secret || !Object.hasOwn(shape.properties ?? {}, path[0] ?? "")) return [];
      return [
        { path, given: "[secret]", message: "nothing keeps a value secret here: expected a plain value" },
      ];
    }
    if (typeof leaf !== "string" || !secret || (!isSetting && takesTextAt(shape, path))) return [];
    return [{ path, given: "[plaintext]", message: expectedCipher(path, stack) }];
  });
}

/** Returns a test that is true for these paths, and for all paths below them. */
export function among(paths: readonly Path[]): (path: Path) => boolean {
  return (path) => paths.some((known) => samePath(known, path.slice(0, known.length)));
}
