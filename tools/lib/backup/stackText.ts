import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { parsedValue } from "../../../settings/read/read.ts";
import { prefix } from "../../../settings/read/unknownNames.ts";
import { type Path, spell } from "../../../settings/schema/path.ts";
import { isSecretAt, stackShape } from "../../../settings/schema/shape.ts";
import { project } from "../process.ts";

/** Text of a stack file without its secrets, and the secrets by key. */
interface StackText {
  readonly text: string;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Reads the defaults of the project, which the CLI adds to the values of a stack file. */
function defaults(): Readonly<Record<string, { readonly default?: unknown }>> {
  return parse(readFileSync(join(project, "Pulumi.yaml"), "utf8")).config;
}

/** Moves secrets from a value to a list, by their keys. */
function withoutSecrets(value: unknown, path: Path, secrets: Record<string, string>): unknown {
  if (typeof value === "string" && isSecretAt(stackShape(), path)) {
    secrets[spell(path)] = value;
    return undefined;
  }
  if (Array.isArray(value)) return value.map((item, at) => withoutSecrets(item, [...path, at], secrets));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    withoutSecrets(item, [...path, key], secrets),
  ]);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/** True for the backup of an earlier release, in which empty objects stand for unset keys: `publish` cannot be empty. */
function isOlderForm({ publish }: Readonly<Record<string, string>>): boolean {
  return publish === "{}";
}

/** Renders the stack file of a stack from the values in a backup. */
export function stackText(config: Readonly<Record<string, string>>): StackText {
  const known = defaults();
  const isOlder = isOlderForm(config);
  const secrets: Record<string, string> = {};
  const stated = Object.entries(config).flatMap(([key, given]) => {
    const value = parsedValue(key, given);
    const { default: usual } = known[`${prefix}${key}`] ?? {};
    const unset = typeof usual === "object" ? usual : parsedValue(key, String(usual ?? ""));
    if (isDeepStrictEqual(value, unset) || (isOlder && given === "{}")) return [];
    return [[`${prefix}${key}`, withoutSecrets(value, [key], secrets)]];
  });
  return { text: stringify({ config: Object.fromEntries(stated) }), secrets };
}
