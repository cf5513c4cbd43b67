import { existsSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { resolved, type Settings } from "../model/groups.ts";
import type { Fault } from "../rules/fault.ts";
import { among, secretFaults } from "../rules/secrets/secrets.ts";
import { type Path, samePath, spell, type Where } from "../schema/path.ts";
import { encrypted } from "../schema/secret.ts";
import { isDiscreetAt, isSecretAt, stackShape } from "../schema/shape.ts";
import { withDeclarations } from "./declarationsFile.ts";
import { declared } from "./declared.ts";
import { parseStackFile } from "./stackFile.ts";
import { validate } from "./validate.ts";

type Values = Readonly<Record<string, unknown>>;

/** Faults of a stack, each with its place. */
export class Refused extends Error {
  constructor(lines: readonly string[]) {
    super(`The stack's configuration has ${lines.length} fault(s):\n  ${lines.join("\n  ")}`);
  }
}

/** A text as what its key takes: Pulumi hands all values over as text. */
export function plain(key: string, given: string): unknown {
  const { type } = stackShape().properties?.[key] ?? {};
  if (type === "string") return given;
  if (!/^([[{].*|-?\d{1,15}(\.\d+)?|true|false)$/s.test(given)) return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

/** What was given, unless nobody should read it in a log. */
function shown(given: Values, path: Path): string {
  const value = path.reduce<unknown>(
    (inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part],
    given,
  );
  if (value === undefined) return "not given";
  if (value === null) return "empty";
  const shape = stackShape();
  if (typeof value === "object" || isDiscreetAt(shape, path)) return "{…}";
  if (value === encrypted || isSecretAt(shape, path)) return "[secret]";
  return String(value).replace(/\/\/[^/@\s]*:[^/@\s]*@/g, "//…@");
}

function line(given: Values, where: Where, fault: Fault): string {
  const { path, message, given: told = shown(given, path) } = fault;
  return `${where(path)}: ${spell(path)} ${message.startsWith("is unknown") ? message : `is ${told}; ${message}`}`;
}

/** By line, and within one by name: the CLI hands over objects by the names of their keys. */
function inOrder(lines: readonly string[]): string[] {
  const at = (line: string) => Number(/^.*?:(\d+): /.exec(line)?.[1] ?? 0);
  return [...new Set(lines)].sort().sort((one, other) => at(one) - at(other));
}

/**
 * Checks what a stack says, all at once.
 * @param given values by key without the project's prefix
 * @param faults what is known to be wrong already; nothing else is said of those values
 * @param strangers lines about what is beside the values
 * @throws Refused listing every fault: where, key, what was given, what is allowed
 */
export function settingsOf(
  given: Values,
  where: Where,
  faults: readonly Fault[] = [],
  strangers: readonly string[] = [],
): Settings {
  const { stated, faults: found } = validate(given);
  const others = found.filter(({ path }) => !faults.some((known) => samePath(known.path, path)));
  const lines = [...strangers, ...[...faults, ...others].map((fault) => line(given, where, fault))];
  if (stated && lines.length === 0) return resolved(stated);
  throw new Refused(inOrder(lines));
}

/**
 * The same for raw values, as Pulumi hands them over: texts by key.
 * @throws Refused
 */
export function settingsFrom(raw: Readonly<Record<string, string>>, where: Where): Settings {
  return settingsOf(
    Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, plain(key, value)])),
    where,
  );
}

/** As {@link settingsOf}, with what the file of declarations says. */
function settingsBoth(
  given: Values,
  where: Where,
  faults: readonly Fault[],
  strangers: readonly string[],
): Settings {
  const both = withDeclarations(given, where);
  return settingsOf(both.values, both.where, [...faults, ...both.faults], [...strangers, ...both.strangers]);
}

/** The name of the stack that a file is for. */
function stackOf(file: string): string {
  return /Pulumi\.([^/]+)\.yaml$/.exec(file)?.[1] ?? "NAME";
}

/** Texts that look like a number or a boolean are one, as the CLI has it for values that are not inside of others. */
function typed(values: Values): Values {
  const entries = Object.entries(values).map(([key, value]) => {
    const simple =
      typeof value === "string"
        ? !/^[[{]/.test(value)
        : typeof value === "number" || typeof value === "boolean";
    return [key, simple ? plain(key, String(value)) : value];
  });
  return Object.fromEntries(entries);
}

/**
 * Reads a stack file as Pulumi would, for tools that work without it. What is encrypted is not known to them.
 * @throws Refused; Error where it is no stack file at all
 */
export function readStackFile(file: string): Settings {
  const { values, encrypted, where, strangers } = parseStackFile(readFileSync(file, "utf8"), file);
  const given = typed(values);
  return settingsBoth(given, where, secretFaults(given, among(encrypted), stackOf(file)), strangers);
}

/**
 * What decides about the image of Airflow in a stack file, and nothing else of it: a cluster's stack is right only once it
 * says where that image was pushed to.
 * @throws Refused; Error where it is no stack file at all
 */
export function readImageSettings(file: string): Settings {
  const { values, where } = parseStackFile(readFileSync(file, "utf8"), file);
  const keys = ["version", "requirements", "systemPackages"];
  const given = Object.entries(typed(values)).filter(([key]) => keys.includes(key));
  return settingsOf(Object.fromEntries(given), where);
}

/** What the CLI hands over. */
export interface Told {
  /** All values by key without the project's prefix, those that a stack does not say too, with their defaults. */
  readonly raw: Readonly<Record<string, string>>;
  /** Keys of which something was encrypted. */
  readonly secret: readonly string[];
  readonly stack: string;
}

/**
 * What a stack says, out of what the CLI hands over.
 * @param file the stack's file, which says what was given, and what of that is encrypted; where there is none, values that
 * are the default were not given
 * @throws Refused; Error where the file is no stack file at all
 */
export function settingsFromPulumi({ raw, secret, stack }: Told, file: string): Settings {
  const defaults = declared();
  const read = existsSync(file) ? parseStackFile(readFileSync(file, "utf8"), file) : undefined;
  const {
    values = {},
    encrypted = [],
    strangers = [],
    where = () => "given on the command line",
  } = read ?? {};
  const given = Object.entries(raw)
    .map(([key, text]) => [key, plain(key, text)] as const)
    .filter(([key, value]) => {
      const standard = defaults[key]?.default;
      const meant = typeof standard === "string" ? plain(key, standard) : standard;
      return Object.hasOwn(values, key) || !isDeepStrictEqual(value, meant);
    });
  const elsewhere = secret.filter((key) => !Object.hasOwn(values, key)).map((key) => [key]);
  const faults = secretFaults(Object.fromEntries(given), among([...encrypted, ...elsewhere]), stack);
  return settingsBoth(Object.fromEntries(given), where, faults, strangers);
}
