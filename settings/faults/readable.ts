import type { Fault } from "./fault.ts";

/** Thrown to whoever reads a value that is wrong by itself. */
class Unreadable extends Error {}

/** The same to names and to the numbers of list items, which a proxy is asked for as text. */
function key(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** A view of a value, in which what is wrong by itself cannot be read. */
export function withoutFaulty<T extends object>(value: T, faulty: readonly (readonly PropertyKey[])[]): T {
  const refused = new Set(faulty.map(key));
  const view = <V extends object>(seen: V, path: readonly PropertyKey[]): V =>
    new Proxy(seen, {
      get(target, name) {
        const here = [...path, name];
        if (typeof name === "string" && refused.has(key(here))) throw new Unreadable();
        const inner: unknown = Reflect.get(target, name);
        return typeof inner === "object" && inner !== null ? view(inner, here) : inner;
      },
    });
  return refused.size === 0 ? value : view(value, []);
}

/** What a check finds; nothing, if it needs a value that is wrong by itself and is told for that already. */
export function ifReadable(check: () => readonly Fault[]): readonly Fault[] {
  try {
    return check();
  } catch (error) {
    if (error instanceof Unreadable) return [];
    throw error;
  }
}

/** Checks each item of a list, whether or not its neighbours are readable. */
export function each<T>(items: readonly T[], check: (item: T, at: number) => readonly Fault[]): Fault[] {
  return items.flatMap((item, at) => ifReadable(() => check(item, at)));
}
