import { z } from "zod";
import { isObject } from "./yaml/located.ts";

type Type = z.core.$ZodType;

/** Keys of a path as `PartPath` describes it. */
type Steps = readonly string[];

/** Part of a value: key or index, type, and given value. */
type Inner = readonly [key: string | number, type: Type, given: unknown];

/** Stands for a value in which a requested part is wrong. */
export const unreadable = Symbol("unreadable");

type Outcome = ReturnType<typeof z.safeParse<Type>>;

/** Results of parsing by value and type, kept since many rules read the same values, which may be thousands. */
const outcomes = new WeakMap<object, Map<Type, Outcome>>();

function parsed(type: Type, given: unknown): Outcome {
  if (typeof given !== "object" || given === null) return z.safeParse(type, given);
  const byType = outcomes.get(given) ?? new Map<Type, Outcome>();
  outcomes.set(given, byType);
  const outcome = byType.get(type) ?? z.safeParse(type, given);
  byType.set(type, outcome);
  return outcome;
}

/** Lists the items of a list, or the values of an object's known keys. */
function childrenOf(type: Type, given: unknown): Inner[] {
  if (type instanceof z.ZodArray)
    return Array.isArray(given) ? given.map((item, at) => [at, type.element, item]) : [];
  return Object.entries(isObject(given) ? given : {}).flatMap(([key, value]): Inner[] => {
    if (type instanceof z.ZodObject)
      return Object.hasOwn(type.shape, key) ? [[key, type.shape[key], value]] : [];
    const isEntry = type instanceof z.ZodRecord && z.safeParse(type.keyType, key).success;
    return isEntry ? [[key, type.valueType, value]] : [];
  });
}

/** Lists the values at the first keys of paths. */
function valuesAt(type: Type, given: unknown, firsts: readonly string[]): Inner[] {
  if (type instanceof z.ZodObject)
    return firsts.map((key) => [key, type.shape[key], Reflect.get(Object(given), key)]);
  const known = firsts.map((first) => first.toLowerCase());
  return childrenOf(type, given).filter(([key]) => known.includes(String(key).toLowerCase()));
}

/** True if a value is wrong as a whole: of another type, or an empty list where there must be items. */
function isWrong(type: Type, given: unknown): boolean {
  return parsed(type, given).error?.issues.some(({ path }) => path.length === 0) ?? false;
}

/** Returns the rest of each path that begins with a key, whose case is ignored. */
function after(first: string, paths: readonly Steps[]): Steps[] {
  const same = (step = "") => step.toLowerCase() === first.toLowerCase();
  return paths.filter(([step]) => same(step)).map(([, ...rest]) => rest);
}

/**
 * Parses the parts of a given value at some paths.
 * @returns the value with these parts only; `unreadable` if one of them is wrong
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
    const parts = childrenOf(type, given).map(
      ([key, of, value]) => [key, partOf(of, value, entries)] as const,
    );
    const readable = parts.filter(([, part]) => part !== unreadable && part !== undefined);
    return isList ? readable : Object.fromEntries(readable);
  }
  if (isWrong(type, given)) return unreadable;
  const inner = isList
    ? childrenOf(type, given)
    : valuesAt(type, given, [...new Set(paths.map(([first = ""]) => first))]);
  const parts = inner.map(
    ([key, of, value]) => [key, partOf(of, value, isList ? paths : after(String(key), paths))] as const,
  );
  if (parts.some(([, part]) => part === unreadable)) return unreadable;
  return isList ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}
