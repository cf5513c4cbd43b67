import type { ParsedConfig, RawConfig } from "../schema/schema.ts";
import type { Fault } from "./fault.ts";

/**
 * Path of a part of a stack: `workers`, `postgres.url`, `settings.core.executor`. A record need not have the entry that a
 * path names; the entry's case is ignored. A path through a list leads to the part of every item: `machines.name`.
 * With `*` a path leads to the entries that can be read: `users.*.password`, `machines.*.roles.*`.
 */
export type PartPath<T> = T extends undefined
  ? never
  : T extends readonly (infer Item)[]
    ? PartPath<Item> | "*" | `*.${PartPath<Item>}`
    : T extends object
      ? string extends keyof T
        ? string
        : { [K in keyof T & string]: K | `${K}.${PartPath<T[K]>}` | "*" | `*.${PartPath<T[K]>}` }[keyof T &
            string]
      : never;

type First<P> = P extends `${infer Key}.${string}` ? Key : P;
type Rest<P, Key extends string> = P extends `${Key}.${infer Inner}` ? Inner : never;

/** Entries that can be read: a record of them, or for a list pairs of index and item. */
type Entries<T, P extends string> = T extends readonly (infer Item)[]
  ? readonly (readonly [at: number, item: Part<Item, P>])[]
  : string extends keyof T
    ? Readonly<Record<string, Part<T[keyof T], P>>>
    : { readonly [K in keyof T]?: Part<Exclude<T[K], undefined>, P> };

/** Type of a stack of which only the parts at these paths exist. */
export type Part<T, P extends string> = [P] extends [never]
  ? T
  : T extends undefined
    ? undefined
    : "*" extends First<P>
      ? Entries<T, Rest<P, "*">>
      : T extends readonly (infer Item)[]
        ? readonly Part<Item, P>[]
        : string extends keyof T
          ? T
          : { readonly [K in First<P> & keyof T & string]: Part<T[K], Rest<P, K>> };

/** True if a stack gives a value at a path, right or wrong; null and an empty list count as not given. */
export type IsGiven = (path: PartPath<RawConfig>) => boolean;

/** Finds faults between values that are valid by themselves. */
export interface Rule {
  /** Paths of all values that the check reads; the check is skipped if one is wrong by itself, a fault already reported. */
  readonly needs: readonly string[];
  readonly check: (parts: never, isGiven: IsGiven) => readonly Fault[];
}

/** Makes a rule whose check gets the parts of the stack that it declares, and no others. */
export function rule<const P extends PartPath<ParsedConfig>>(
  needs: readonly P[],
  check: (parts: Part<ParsedConfig, P>, isGiven: IsGiven) => readonly Fault[],
): Rule {
  return { needs, check };
}
