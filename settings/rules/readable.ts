import type { Fault } from "./fault.ts";

/** Thrown when a check reads a value that is wrong by itself. */
class Unreadable extends Error {}

/** Makes a path comparable: a proxy gets the indices of list items as text. */
function key(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** Returns a view of a value: reading a faulty part of it throws, even in a loop over a list. */
export function withoutFaulty<T extends object>(value: T, faulty: readonly (readonly PropertyKey[])[]): T {
  const refused = new Set(faulty.map(key));
  const view = <V extends object>(seen: V, path: readonly PropertyKey[]): V => {
    const ask = (name: string | symbol) => {
      if (typeof name === "string" && refused.has(key([...path, name]))) throw new Unreadable();
    };
    return new Proxy(seen, {
      has(target, name) {
        ask(name);
        return Reflect.has(target, name);
      },
      get(target, name) {
        ask(name);
        const inner: unknown = Reflect.get(target, name);
        return typeof inner === "object" && inner !== null ? view(inner, [...path, name]) : inner;
      },
    });
  };
  return refused.size === 0 ? value : view(value, []);
}

/** Runs a check; no faults if it needs a value that is wrong by itself, which is reported already. */
export function ifReadable(check: () => readonly Fault[]): readonly Fault[] {
  try {
    return check();
  } catch (error) {
    if (error instanceof Unreadable) return [];
    throw error;
  }
}

/** Checks each item of a list, even if other items are not readable. */
export function each<T>(items: readonly T[], check: (item: T, at: number) => readonly Fault[]): Fault[] {
  const one = (at: number) => ifReadable(() => items.slice(at, at + 1).flatMap((item) => check(item, at)));
  return Array.from({ length: items.length }, (_, at) => at).flatMap(one);
}
