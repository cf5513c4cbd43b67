import type { Leaf, Path, Tree } from "./source.ts";
import { leavesOf, plain } from "./source.ts";

/** A key of the stack and what it is to be; without a value, a secret that a command stores. */
export interface Target {
  readonly path: Path;
  readonly value?: unknown;
}

/** What becomes of something that the input says. */
export type Outcome =
  | { readonly kind: "taken"; readonly targets: readonly Target[]; readonly note?: string | undefined }
  | { readonly kind: "cared" | "none"; readonly why: string };

/** Something that the input says. */
export interface Item {
  /** Where it stands, from the part that rules are about. */
  readonly path: Path;
  readonly value: unknown;
  readonly leaves: readonly Leaf[];
  /** What the wildcards of the rule stand for. */
  readonly match: readonly string[];
}

/** What items at a path become. `*` in a pattern is one name, `**` any number, `{a,b}` either. */
export type Rule<Of> = readonly [pattern: string, outcome: Outcome | ((item: Item, of: Of) => Outcome)];

export function taken(path: Path, value: unknown, note?: string): Outcome {
  return { kind: "taken", targets: [{ path, value }], note };
}

/** Never written: a command stores it. */
export function secret(path: Path, note?: string): Outcome {
  return { kind: "taken", targets: [{ path }], note };
}

export function handled(why: string): Outcome {
  return { kind: "cared", why };
}

export function unsupported(why: string): Outcome {
  return { kind: "none", why };
}

/** Taken over as it is converted, unless it cannot be read. */
export function converted(path: Path, convert: (given: unknown) => unknown, allowed: string) {
  return ({ value }: Item): Outcome => {
    const made = convert(value);
    return made === undefined ? unsupported(`it cannot be read: expected ${allowed}`) : taken(path, made);
  };
}

function partMatches(pattern: string, part: string): boolean {
  if (pattern === "*" || pattern === part) return true;
  return pattern.startsWith("{") && pattern.slice(1, -1).split(",").includes(part);
}

/** What the wildcards stand for, if the path fits. */
export function matching(pattern: readonly string[], path: readonly string[]): string[] | undefined {
  const [first, ...others] = pattern;
  if (first === undefined) return path.length === 0 ? [] : undefined;
  if (first === "**") {
    for (let skip = 0; skip <= path.length; skip += 1) {
      const rest = matching(others, path.slice(skip));
      if (rest) return rest;
    }
    return undefined;
  }
  const [part, ...parts] = path;
  if (part === undefined || !partMatches(first, part)) return undefined;
  const rest = matching(others, parts);
  return rest && (/^[*{]/.test(first) ? [part, ...rest] : rest);
}

function says(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(says);
  if (typeof value === "object" && value !== null) return Object.values(value).some(says);
  return value !== null && value !== "";
}

export const empty = handled("it is empty");
const unknown = unsupported("there is nothing like it");

/** An item, and the rule's word on it. */
export interface Found<Of> {
  readonly item: Item;
  readonly outcome: Rule<Of>[1];
}

/** The items of a tree: by the first rule that fits, at the highest place where one does. */
export function itemsOf<Of>(tree: Tree, rules: readonly Rule<Of>[], path: Path = []): Found<Of>[] {
  const names = path.map(String);
  const item = { path, value: plain(tree), leaves: leavesOf(tree), match: [] };
  if (!says(item.value)) return [{ item, outcome: empty }];
  for (const [pattern, outcome] of rules) {
    const match = matching(pattern.split("."), names);
    // What is said about all that is below something yields to what is said about its parts.
    if (match && (tree.kind === "leaf" || !pattern.endsWith("**")))
      return [{ item: { ...item, match }, outcome }];
  }
  if (tree.kind === "leaf") return [{ item, outcome: unknown }];
  const inner: [string | number, Tree][] =
    tree.kind === "list" ? tree.items.map((one, index) => [index, one]) : [...tree.entries];
  return inner.flatMap(([key, one]) => itemsOf(one, rules, [...path, key]));
}

export function decided<Of>({ item, outcome }: Found<Of>, of: Of): Outcome {
  return typeof outcome === "function" ? outcome(item, of) : outcome;
}
