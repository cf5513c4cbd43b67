import type { Fault } from "./fault.ts";

/** Thrown to whoever reads a value that is wrong by itself. */
class Unreadable extends Error {}

/** The same to names and to the numbers of list items, which a proxy is asked for as text. */
function key(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** A view of a value, in which what is wrong by itself cannot be read, nor passed over unnoticed in a list. */
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
  const one = (at: number) => ifReadable(() => items.slice(at, at + 1).flatMap((item) => check(item, at)));
  return Array.from({ length: items.length }, (_, at) => at).flatMap(one);
}
