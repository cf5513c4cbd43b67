import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { resolved, type Settings } from "../model/groups.ts";
import type { Fault } from "../rules/fault.ts";
import type { Rule } from "../rules/rule.ts";
import { among, cipherFaults, secretFaults } from "../rules/secrets/secrets.ts";
import { samePath, type Where } from "../schema/path.ts";
import { stackShape } from "../schema/shape.ts";
import { lastingRules, rules } from "./crossChecks.ts";
import { withDeclarations } from "./declarationsFile.ts";
import { declared } from "./declared.ts";
import { line } from "./line.ts";
import { merged } from "./merged.ts";
import { parseStackFile } from "./stackFile.ts";
import { validate } from "./validate.ts";
import { Refused } from "./yaml/refused.ts";
import { readText } from "./yaml/text.ts";

type Values = Readonly<Record<string, unknown>>;

/** Converts a text to the type of its key: Pulumi hands all values over as text. */
export function parsedValue(key: string, given: string): unknown {
  const { type } = stackShape().properties?.[key] ?? {};
  if (type === "string") return given;
  if (!/^([[{].*|-?\d{1,15}(\.\d+)?|true|false)$/s.test(given)) return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

/** Sorts by line, and within a line by name, since the CLI sorts the keys of objects by name. */
function inOrder(lines: readonly string[]): string[] {
  const at = (line: string) => Number(/^.*?:(\d+): /.exec(line)?.[1] ?? 0);
  return [...new Set(lines)].sort().sort((one, other) => at(one) - at(other));
}

/**
 * Checks all values of a stack at once.
 * @param given values by key without the project's prefix
 * @param faults faults that are known already; their values get no others
 * @param unknownNames lines about unknown names beside the values
 * @param checks rules between values; all by default
 * @throws Refused listing every fault: place, key, given, expected
 */
export function settingsOf(
  given: Values,
  where: Where,
  faults: readonly Fault[] = [],
  unknownNames: readonly string[] = [],
  checks: readonly Rule[] = rules,
): Settings {
  const { parsed, faults: found } = validate(given, checks);
  const others = found.filter(({ path }) => !faults.some((known) => samePath(known.path, path)));
  const lines = [...unknownNames, ...[...faults, ...others].map((fault) => line(given, where, fault))];
  if (parsed && lines.length === 0) return resolved(parsed);
  throw new Refused(inOrder(lines));
}

/** Checks the values of a stack, as {@link settingsOf} does, together with its declarations file. */
export function settingsBoth(
  given: Values,
  where: Where,
  faults: readonly Fault[],
  unknownNames: readonly string[] = [],
  checks: readonly Rule[] = rules,
): Settings {
  const both = withDeclarations(given, where);
  const all = [...faults, ...both.faults];
  return settingsOf(both.values, both.where, all, [...unknownNames, ...both.unknownNames], checks);
}

/** Longest name of a stack: `airflow-STACK` is a namespace, and begins names on an engine. */
const longestStack = 55;

/** Spells a name as a stack may be called; undefined if nothing is left of it. */
function closestName(stack: string): string | undefined {
  const plain = stack.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return plain.replace(/^-/, "").slice(0, longestStack).replace(/-$/, "") || undefined;
}

/** Lists the fault of a new stack's name, which begins the names of all that the stack makes; a deployed stack keeps its name. */
function nameFaults(stack: string, file: string): string[] {
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(stack) && stack.length <= longestStack) return [];
  const allowed = `expected a-z, 0-9 and '-', a letter or digit first and last, ${longestStack} at most`;
  const closest = closestName(stack);
  const example = closest === undefined ? "NAME" : closest;
  return [`${file}:1: the stack's name is ${stack}; ${allowed}: stacks/Pulumi.${example}.yaml`];
}

/** Returns the name of the stack that a file is for; undefined if the file has another name than a stack's. */
function stackOf(file: string): string | undefined {
  return /Pulumi\.([^/]+)\.yaml$/.exec(file)?.[1];
}

/** Converts top-level texts that look like a number or a boolean, as the CLI does. */
function typed(values: Values): Values {
  const entries = Object.entries(values).map(([key, value]) => {
    const simple =
      typeof value === "string"
        ? !/^[[{]/.test(value)
        : typeof value === "number" || typeof value === "boolean";
    return [key, simple ? parsedValue(key, String(value)) : value];
  });
  return Object.fromEntries(entries);
}

/**
 * Reads a stack file as Pulumi would, for tools that work without it and cannot read encrypted values.
 * @param isNew true if the stack's name has to be one for a new stack
 * @throws Refused listing every fault; Error if the file is not a stack file
 */
export function readStackFile(file: string, isNew = false): Settings {
  return readBy(file, rules, isNew);
}

/**
 * Reads the file of a stack that is deployed, for commands that look at it or remove it: what only a deployment needs, such as
 * certificates that are valid, keeps nobody from these.
 * @throws Refused listing every other fault; Error if the file is not a stack file
 */
export function readDeployed(file: string): Settings {
  return readBy(file, lastingRules, false);
}

function readBy(file: string, checks: readonly Rule[], isNew: boolean): Settings {
  const { values, encrypted, undecipherable, where, unknownNames } = parseStackFile(readText(file), file);
  const given = typed(values);
  const stack = stackOf(file);
  const named = isNew && stack !== undefined ? nameFaults(stack, file) : [];
  const name = stack ?? "NAME";
  const misplaced = secretFaults(given, among(encrypted), name);
  const forged = cipherFaults(undecipherable, name).filter(
    ({ path }) => !misplaced.some((fault) => samePath(fault.path, path)),
  );
  const faults = [...misplaced, ...forged];
  return settingsBoth(given, where, faults, [...named, ...unknownNames], checks);
}

/**
 * Reads only the keys of a stack file that decide Airflow's image: a cluster's stack is valid only once it
 * names the pushed image.
 * @throws Refused listing every fault; Error if the file is not a stack file
 */
export function readImageSettings(file: string): Settings {
  const { values, where } = parseStackFile(readText(file), file);
  const keys = ["version", "requirements", "systemPackages"];
  const given = Object.entries(typed(values)).filter(([key]) => keys.includes(key));
  return settingsOf(Object.fromEntries(given), where);
}

/** Configuration as the CLI hands it over. */
export interface PulumiConfig {
  /** All values by key without the project's prefix, including defaults of keys not in the stack. */
  readonly raw: Readonly<Record<string, string>>;
  /** Keys with values that were encrypted. */
  readonly secret: readonly string[];
  readonly stack: string;
  /** True if the stack has nothing deployed. */
  readonly isNew: boolean;
}

/**
 * Reads the settings of a stack from the values that the CLI hands over.
 * @param file the stack's file, which shows the values given and encrypted; without a file, values
 * equal to the default count as not given
 * @throws Refused listing every fault; Error if the file is not a stack file
 */
export function settingsFromPulumi({ raw, secret, stack, isNew }: PulumiConfig, file: string): Settings {
  const defaults = declared();
  const read = existsSync(file) ? parseStackFile(readText(file), file) : undefined;
  const {
    values = {},
    encrypted = [],
    unknownNames = [],
    where = () => "given on the command line",
  } = read ?? {};
  const written = typed(values);
  const given = Object.entries(raw)
    .map(([key, text]) => {
      const told = parsedValue(key, text);
      return [key, Object.hasOwn(written, key) ? merged(written[key], told) : told] as const;
    })
    .filter(([key, value]) => {
      const standard = defaults[key]?.default;
      const meant = typeof standard === "string" ? parsedValue(key, standard) : standard;
      return Object.hasOwn(values, key) || !isDeepStrictEqual(value, meant);
    });
  const elsewhere = secret.filter((key) => !Object.hasOwn(values, key)).map((key) => [key]);
  const faults = secretFaults(Object.fromEntries(given), among([...encrypted, ...elsewhere]), stack);
  const named = isNew ? nameFaults(stack, file) : [];
  return settingsBoth(Object.fromEntries(given), where, faults, [...named, ...unknownNames]);
}
