import type { z } from "zod";
import type { Fault } from "../rules/fault.ts";
import { unknownWord } from "../rules/nearest.ts";
import { withoutFaulty } from "../rules/readable.ts";
import { type ParsedConfig, type RawConfig, schema } from "../schema/schema.ts";
import { keysIn } from "../schema/values.ts";
import { crossChecks } from "./crossChecks.ts";
import { beforeGaps, withGaps, withoutGaps } from "./gaps.ts";

type Path = readonly PropertyKey[];

/** Keys that are rejected on purpose, and why. */
const refused: Readonly<Record<string, string>> = {
  privileged: "no role runs privileged, which would give a task the machine: expected env, files and volumes",
  capAdd: "no role gets a capability of the machine: expected env, files and volumes",
  dockerSocket:
    "no role gets the engine's socket, which is root on the machine: run containers from tasks by way of an engine of their own, with TLS",
};

function unknown(key: string, allowed: string): string {
  const plain = key.replaceAll("_", "").toLowerCase();
  const reason = Object.entries(refused).find(([name]) => name.toLowerCase() === plain);
  if (reason) return `is unknown; ${reason[1]}`;
  return unknownWord(key, keysIn(allowed));
}

function faultsOf({ issues }: z.ZodError): Fault[] {
  return issues.flatMap(({ path, message, ...issue }) => {
    if (issue.code === "invalid_key") return { path, message: issue.issues[0]?.message ?? message };
    if (issue.code !== "unrecognized_keys") return { path, message };
    return issue.keys.map((key) => ({ path: [...path, key], message: unknown(key, message) }));
  });
}

/** Keeps the first fault of each value: a text is not also out of range. */
function distinct(faults: readonly Fault[]): Fault[] {
  const key = ({ path }: Fault) => JSON.stringify(path);
  return [...new Map(faults.toReversed().map((fault) => [key(fault), fault])).values()].toReversed();
}

function within(outer: Path, inner: Path): boolean {
  return outer.every((part, at) => String(part) === String(inner[at]));
}

/** Removes a value, or its parent if already gone. A list item leaves a gap: the others keep their index. */
function removed(values: unknown, path: Path): Path {
  const holders = path.map((_, length) =>
    path.slice(0, length).reduce<unknown>((value, part) => Reflect.get(Object(value), part), values),
  );
  const last = holders.findLastIndex((holder, at) => Object.hasOwn(Object(holder), path[at] ?? ""));
  if (last < 0) return [];
  Reflect.deleteProperty(Object(holders[last]), path[last] ?? "");
  return path.slice(0, last + 1);
}

/** Values of a stack as far as they can be read, and all their faults. */
export interface Examined {
  /** Undefined if no default can replace a wrong value. */
  readonly stated?: ParsedConfig;
  readonly faults: readonly Fault[];
}

/**
 * Validates a stack in one pass: each value by itself, and the right or absent ones also against each other.
 * Removes wrong values until the rest can be read.
 */
export function validate(given: Readonly<Record<string, unknown>>): Examined {
  const rest = structuredClone(given);
  const faults: Fault[] = [];
  const faulty: Path[] = [];
  for (;;) {
    const result = schema.safeParse(withoutGaps(rest));
    if (result.success) {
      const stated = withGaps(result.data, rest);
      return {
        stated,
        faults: [...faults, ...crossChecks(withoutFaulty(stated, faulty), given as RawConfig)],
      };
    }
    const found = distinct(faultsOf(result.error)).map((fault) => ({
      ...fault,
      path: beforeGaps(rest, fault.path),
    }));
    // A removed value is missing now, which is not a fault of the stack.
    faults.push(
      ...found.filter(({ path }) => !faulty.some((known) => within(known, path) || within(path, known))),
    );
    const taken = found.map(({ path }) => removed(rest, path)).filter((path) => path.length > 0);
    if (taken.length === 0) return { faults };
    faulty.push(...taken);
  }
}
