import type { z } from "zod";
import { type Fault, firstAtEach } from "../rules/fault.ts";
import { unknownWord } from "../rules/nearest.ts";
import type { Rule } from "../rules/rule.ts";
import { type ParsedConfig, schema } from "../schema/schema.ts";
import { keysIn } from "../schema/values.ts";
import { crossChecks, rules } from "./crossChecks.ts";

/** Keys that no role has on purpose, each with the reason and the alternative. */
const refusedKeys: Readonly<Record<string, string>> = {
  privileged:
    "no role runs privileged, which would give tasks control of the machine: expected env, files and volumes",
  capAdd: "no role gets a capability of the machine: expected env, files and volumes",
  dockerSocket:
    "no role gets the engine's socket, which is root on the machine: to run containers from tasks, give them a separate engine, with TLS",
};

function unknown(key: string, allowed: string): string {
  const normalized = key.replaceAll("_", "").toLowerCase();
  const reason = Object.entries(refusedKeys).find(([name]) => name.toLowerCase() === normalized);
  if (reason) return `is unknown; ${reason[1]}`;
  return unknownWord(key, keysIn(allowed));
}

/** Removes the unknown keys from an object, and lists their faults. */
function removeUnknown(values: unknown, { path, keys, message }: z.core.$ZodIssueUnrecognizedKeys): Fault[] {
  const holder = path.reduce<unknown>((value, part) => Reflect.get(Object(value), part), values);
  return keys.map((key) => {
    Reflect.deleteProperty(Object(holder), key);
    return { path: [...path, key], message: unknown(key, message) };
  });
}

function faultOf({ path, message, ...issue }: z.core.$ZodIssue): Fault {
  const ofKey = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  return { path, message: ofKey ?? message };
}

/** Values of a stack, with all faults. */
interface Validated {
  /** Undefined if a value is wrong by itself. */
  readonly parsed?: ParsedConfig;
  readonly faults: readonly Fault[];
}

/**
 * Validates a stack: each value by itself, and values that are valid or absent also against each other. Unknown keys are
 * removed first, so that the known keys beside them are still checked.
 */
export function validate(
  given: Readonly<Record<string, unknown>>,
  checks: readonly Rule[] = rules,
): Validated {
  const known = structuredClone(given);
  const issues = schema.safeParse(given).error?.issues ?? [];
  const faults = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? removeUnknown(known, issue) : [],
  );
  const { data, error } = schema.safeParse(known);
  const wrong = firstAtEach(error?.issues.map(faultOf) ?? []);
  return { ...(data && { parsed: data }), faults: [...faults, ...wrong, ...crossChecks(known, checks)] };
}
