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

/** Converts a text to the type of its key, since Pulumi passes all values as text; unchanged if the text does not fit. */
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

/** Sorts lines of faults by line number, and then by name, since the CLI sorts the keys of objects by name. */
function inOrder(lines: readonly string[]): string[] {
  const at = (line: string) => Number(/^.*?:(\d+): /.exec(line)?.[1] ?? 0);
  return [...new Set(lines)].sort().sort((one, other) => at(one) - at(other));
}

/**
 * Checks all values of a stack at once.
 * @param given values by key without the project's prefix
 * @param faults known faults, whose values get no others
 * @param unknownNames rendered faults of unknown names beside the values
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

/** Checks the values of a stack together with its declarations file, as {@link settingsOf} does. */
export function settingsWithDeclarations(
  given: Values,
  where: Where,
  faults: readonly Fault[],
  unknownNames: readonly string[] = [],
  checks: readonly Rule[] = rules,
): Settings {
  const merged = withDeclarations(given, where);
  const all = [...faults, ...merged.faults];
  return settingsOf(merged.values, merged.where, all, [...unknownNames, ...merged.unknownNames], checks);
}

/** Maximum characters of a stack's name: `airflow-STACK` is the name of a namespace, which has 63 at most. */
const longestStack = 55;

/** Turns a name into a valid name of a stack; undefined if no character of it can stay. */
function closestName(stack: string): string | undefined {
  const spelt = stack.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return spelt.replace(/^-/, "").slice(0, longestStack).replace(/-$/, "") || undefined;
}

/** Lists the fault of a new stack's name, which begins all names that the stack makes; deployed stacks keep theirs. */
function nameFaults(stack: string, file: string): string[] {
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(stack) && stack.length <= longestStack) return [];
  const allowed = `expected a-z, 0-9 and '-', a letter or digit first and last, ${longestStack} at most`;
  const closest = closestName(stack);
  const example = closest === undefined ? "NAME" : closest;
  return [`${file}:1: the stack's name is ${stack}; ${allowed}: stacks/Pulumi.${example}.yaml`];
}

/** Returns the name of the stack in `Pulumi.STACK.yaml`; undefined if the file is not named so. */
function stackOf(file: string): string | undefined {
  return /Pulumi\.([^/]+)\.yaml$/.exec(file)?.[1];
}

/** Converts values of keys that look like a number or a boolean, as the CLI does. */
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
 * Reads a stack file as Pulumi would, for tools that work without Pulumi and do not decrypt values.
 * @param isNew true if the stack's name must be valid for a new stack
 * @throws Refused listing every fault; Error if the file is not a stack file
 */
export function readStackFile(file: string, isNew = false): Settings {
  return readBy(file, rules, isNew);
}

/**
 * Reads the file of a deployed stack, for commands that look at the stack or remove it, and that must work although
 * something that only a deployment needs is wrong, such as an expired certificate.
 * @throws Refused listing every other fault; Error if the file is not a stack file
 */
export function readDeployed(file: string): Settings {
  return readBy(file, lastingRules, false);
}

function readBy(file: string, checks: readonly Rule[], isNew: boolean): Settings {
  const { values, ciphers, undecipherable, where, unknownNames } = parseStackFile(readText(file), file);
  const given = typed(values);
  const stack = stackOf(file);
  const faultsOfName = isNew && stack !== undefined ? nameFaults(stack, file) : [];
  const name = stack ?? "NAME";
  const misplaced = secretFaults(given, among(ciphers.map(({ path }) => path)), name);
  const forged = cipherFaults(undecipherable, name).filter(
    ({ path }) => !misplaced.some((fault) => samePath(fault.path, path)),
  );
  const faults = [...misplaced, ...forged];
  return settingsWithDeclarations(given, where, faults, [...faultsOfName, ...unknownNames], checks);
}

/**
 * Reads only the keys of a stack file that decide Airflow's image, since the stack file of a cluster is not valid before
 * it names the pushed image.
 * @throws Refused listing every fault; Error if the file is not a stack file
 */
export function readImageSettings(file: string): Settings {
  const { values, where, repeated } = parseStackFile(readText(file), file);
  const keys = ["version", "requirements", "systemPackages"];
  const given = Object.entries(typed(values)).filter(([key]) => keys.includes(key));
  return settingsOf(Object.fromEntries(given), where, [], repeated);
}

/** Configuration as the CLI passes it to the program. */
interface PulumiConfig {
  /** All values by key without the project's prefix, including defaults of keys that the stack does not give. */
  readonly raw: Readonly<Record<string, string>>;
  /** Keys with encrypted values in the configuration. */
  readonly secret: readonly string[];
  readonly stack: string;
  /** True if nothing of the stack is deployed. */
  readonly isNew: boolean;
}

const elsewhere: Where = () => "given on the command line";

function parsedFile(file: string): ReturnType<typeof parseStackFile> | undefined {
  return existsSync(file) ? parseStackFile(readText(file), file) : undefined;
}

/** Returns the places of the values in a stack file, which need not exist. */
export function placesIn(file: string): Where {
  return parsedFile(file)?.where ?? elsewhere;
}

/**
 * Reads the settings of a stack from the values that the CLI passes.
 * @param file stack file, which shows the values that are given and encrypted; if the file does not exist, values
 * equal to the default count as not given
 * @throws Refused listing every fault; Error if the file is not a stack file
 */
export function settingsFromPulumi({ raw, secret, stack, isNew }: PulumiConfig, file: string): Settings {
  const defaults = declared();
  const { values = {}, ciphers = [], unknownNames = [], where = elsewhere } = parsedFile(file) ?? {};
  const inFile = typed(values);
  const given = Object.entries(raw)
    .map(([key, text]) => {
      const fromCli = parsedValue(key, text);
      return [key, Object.hasOwn(inFile, key) ? merged(inFile[key], fromCli) : fromCli] as const;
    })
    .filter(([key, value]) => {
      const declaredDefault = defaults[key]?.default;
      const filledIn =
        typeof declaredDefault === "string" ? parsedValue(key, declaredDefault) : declaredDefault;
      return Object.hasOwn(values, key) || !isDeepStrictEqual(value, filledIn);
    });
  const besides = secret.filter((key) => !Object.hasOwn(values, key)).map((key) => [key]);
  const faults = secretFaults(
    Object.fromEntries(given),
    among([...ciphers.map(({ path }) => path), ...besides]),
    stack,
  );
  const faultsOfName = isNew ? nameFaults(stack, file) : [];
  return settingsWithDeclarations(Object.fromEntries(given), where, faults, [
    ...faultsOfName,
    ...unknownNames,
  ]);
}
