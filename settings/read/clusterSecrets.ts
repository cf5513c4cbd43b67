import type { Fault } from "../rules/fault.ts";
import { keyRule } from "../rules/secrets/keys.ts";
import { passwordRule } from "../rules/secrets/passwords.ts";
import type { Path, Where } from "../schema/path.ts";
import { isPlace, type SecretTexts } from "../schema/secret.ts";
import { rules } from "./crossChecks.ts";
import { withDeclarations } from "./declarationsFile.ts";
import { line } from "./line.ts";
import { parsedValue } from "./read.ts";
import { validate } from "./validate.ts";

interface Reference {
  readonly path: Path;
  readonly secret: string;
  readonly key: string;
}

/** Lists the references to Secrets in a value. */
function references(value: unknown, path: Path = []): Reference[] {
  if (typeof value !== "object" || value === null) return [];
  if (isPlace(value) && "secret" in value && typeof value.secret === "string") return [{ path, ...value }];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([part, inner]) => references(inner, [...path, part]));
}

/** Rules that do not apply: a key or a password that a deployed stack works with cannot always be replaced at once. */
const withoutStrength = rules.filter((rule) => rule !== keyRule && rule !== passwordRule);

/**
 * Explains what a stack would refuse in Secrets of its cluster if their values were in the stack file.
 * @param values texts by key without the project's prefix
 * @param read reads Secrets by their names, as far as it can
 */
export async function faultsInSecrets(
  values: Readonly<Record<string, string>>,
  where: Where,
  read: (names: readonly string[]) => Promise<SecretTexts>,
): Promise<readonly string[]> {
  const typed = Object.entries(values).map(([key, text]) => [key, parsedValue(key, text)]);
  const { values: given, where: at } = withDeclarations(Object.fromEntries(typed), where);
  const found = references(given);
  if (found.length === 0) return [];
  const texts = await read([...new Set(found.map(({ secret }) => secret))]);
  const known = structuredClone(given);
  const absent = found.flatMap(({ path, secret, key }): Fault[] => {
    const text = texts.get(secret)?.[key];
    const [holder, last = ""] = [path.slice(0, -1), path.at(-1)];
    const around = holder.reduce<unknown>((value, part) => Object(value)[part], known);
    if (text !== undefined) Reflect.set(Object(around), last, text);
    return text !== undefined || !texts.has(secret)
      ? []
      : [{ path, message: `Secret ${secret} has no key ${key}: expected that key in it` }];
  });
  const lines = (of: typeof given, faults: readonly Fault[]) => faults.map((fault) => line(of, at, fault));
  // Values that the CLI fills in have faults beside others, which say nothing about secrets.
  const before = new Set(lines(given, validate(given, withoutStrength).faults));
  const others = lines(known, validate(known, withoutStrength).faults).filter((one) => !before.has(one));
  return [...lines(known, absent), ...others];
}
