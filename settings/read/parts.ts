import { z } from "zod";
import { isObject } from "./yaml/located.ts";

type Type = z.core.$ZodType;

/** Path of a part, as `PartPath` describes it, in steps. */
type Steps = readonly string[];

/** Key or index, type, and given value. */
type Inner = readonly [key: string | number, type: Type, given: unknown];

/** Stands for a value if a part of it that is asked for is wrong. */
export const unreadable = Symbol("unreadable");

type Outcome = ReturnType<typeof z.safeParse<Type>>;

/** Outcomes by value and type: many rules read the same values, of which there may be thousands. */
const outcomes = new WeakMap<object, Map<Type, Outcome>>();

function parsed(type: Type, given: unknown): Outcome {
  if (typeof given !== "object" || given === null) return z.safeParse(type, given);
  const byType = outcomes.get(given) ?? new Map<Type, Outcome>();
  outcomes.set(given, byType);
  const outcome = byType.get(type) ?? z.safeParse(type, given);
  byType.set(type, outcome);
  return outcome;
}

/** Lists the values in a list, or in an object as far as its keys are known. */
function inside(type: Type, given: unknown): Inner[] {
  if (type instanceof z.ZodArray)
    return Array.isArray(given) ? given.map((item, at) => [at, type.element, item]) : [];
  return Object.entries(isObject(given) ? given : {}).flatMap(([key, value]): Inner[] => {
    if (type instanceof z.ZodObject)
      return Object.hasOwn(type.shape, key) ? [[key, type.shape[key], value]] : [];
    const isEntry = type instanceof z.ZodRecord && z.safeParse(type.keyType, key).success;
    return isEntry ? [[key, type.valueType, value]] : [];
  });
}

/** Lists the values at the first steps of paths. */
function named(type: Type, given: unknown, firsts: readonly string[]): Inner[] {
  if (type instanceof z.ZodObject)
    return firsts.map((key) => [key, type.shape[key], Reflect.get(Object(given), key)]);
  const known = firsts.map((first) => first.toLowerCase());
  return inside(type, given).filter(([key]) => known.includes(String(key).toLowerCase()));
}

/** True if a value is wrong as a whole: of another type, or an empty list where there must be items. */
function isWrong(type: Type, given: unknown): boolean {
  return parsed(type, given).error?.issues.some(({ path }) => path.length === 0) ?? false;
}

/** Returns what is left of the paths that begin with a step. */
function after(first: string, paths: readonly Steps[]): Steps[] {
  const same = (step = "") => step.toLowerCase() === first.toLowerCase();
  return paths.filter(([step]) => same(step)).map(([, ...rest]) => rest);
}

/**
 * Reads the parts of a given value at some paths.
 * @returns the value with no other parts; `unreadable` if one of them is wrong
 */
export function partOf(type: Type, given: unknown, paths: readonly Steps[]): unknown {
  if (paths.some(({ length }) => length === 0)) {
    const { success, data } = parsed(type, given);
    return success ? data : unreadable;
  }
  if (type instanceof z.ZodOptional) return given === undefined ? given : partOf(type.unwrap(), given, paths);
  if (type instanceof z.ZodDefault || type instanceof z.ZodPrefault)
    return partOf(type.unwrap(), given === undefined ? type.def.defaultValue : given, paths);
  const isList = type instanceof z.ZodArray;
  const entries = after("*", paths);
  if (entries.length > 0) {
    const parts = inside(type, given).map(([key, of, value]) => [key, partOf(of, value, entries)] as const);
    const readable = parts.filter(([, part]) => part !== unreadable && part !== undefined);
    return isList ? readable : Object.fromEntries(readable);
  }
  if (isWrong(type, given)) return unreadable;
  const inner = isList
    ? inside(type, given)
    : named(type, given, [...new Set(paths.map(([first = ""]) => first))]);
  const parts = inner.map(
    ([key, of, value]) => [key, partOf(of, value, isList ? paths : after(String(key), paths))] as const,
  );
  if (parts.some(([, part]) => part === unreadable)) return unreadable;
  return isList ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}
