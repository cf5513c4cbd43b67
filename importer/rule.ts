import { type Leaf, leavesOf, plainValue, type SourcePath, type Tree, unsetIn } from "./source.ts";

/** A key of the stack and its value; without a value, a secret that a command stores. */
export interface ConvertedKey {
  readonly path: SourcePath;
  readonly value?: unknown;
}

/** Outcome of a part of the input: taken over as keys of the stack, handled by the stack, or without a counterpart. */
export type Outcome =
  | {
      readonly kind: "taken";
      readonly targets: readonly ConvertedKey[];
      readonly note?: string | undefined;
      /** Remaining work of the user. */
      readonly todo?: string | undefined;
    }
  | { readonly kind: "handled" | "unsupported"; readonly why: string };

/** A part of the input. */
export interface Item {
  /** Path of the item, relative to the root of the rules. */
  readonly path: SourcePath;
  readonly value: unknown;
  readonly leaves: readonly Leaf[];
  /** Parts of the path that match the rule's wildcards. */
  readonly match: readonly string[];
  /** Names of the item's variables that have no value. */
  readonly unset?: readonly string[];
}

/**
 * Outcome of items at a path. In a pattern, `*` is one name, `**` any number of names, `{a,b}` either. Empty values are left
 * out, unless an empty text means something else than no value.
 */
export type ImportRule<Of> = readonly [
  pattern: string,
  outcome: Outcome | ((item: Item, of: Of) => Outcome),
  emptyText?: "counts",
];

/** Takes over a value; without one, the key would stand for a secret that a command stores. */
export function taken(path: SourcePath, value: unknown, note?: string): Outcome {
  if (value === undefined) return unsupported("it cannot be read");
  return { kind: "taken", targets: [{ path, value }], note };
}

/** Adds work of the user to an outcome that takes something over. */
export function withTodo(outcome: Outcome, todo: string): Outcome {
  if (outcome.kind !== "taken") return outcome;
  return { ...outcome, todo: outcome.todo === undefined ? todo : `${outcome.todo}; ${todo}` };
}

/** Keeps some targets of an outcome, of which at least one is left; the problems of the others become work of the user. */
export function withTargets(
  outcome: Outcome,
  targets: readonly ConvertedKey[],
  problems: readonly string[],
): Outcome {
  return problems.length === 0
    ? outcome
    : withTodo({ ...outcome, kind: "taken", targets }, `without ${problems.join("; ")}`);
}

/** Lists the targets of an outcome; none if nothing is taken over. */
export function targetsOf(outcome: Outcome): readonly ConvertedKey[] {
  return outcome.kind === "taken" ? outcome.targets : [];
}

/** Takes over a secret without its value, which a command stores. */
export function secretByCommand(path: SourcePath, note?: string): Outcome {
  return { kind: "taken", targets: [{ path }], note };
}

export function handled(why: string): Outcome {
  return { kind: "handled", why };
}

export function unsupported(why: string): Outcome {
  return { kind: "unsupported", why };
}

/** Returns the outcome of a value in a wrong form. */
export function unreadableValue(allowed: string): Outcome {
  return unsupported(`it cannot be read: expected ${allowed}`);
}

/** Outcome of a value for roles that the stack does not have. */
export const noRole = unsupported("the stack has no such container");

/** Returns a rule that takes over a converted value; `allowed` says which values can be converted. */
export function conversionRule(path: SourcePath, convert: (value: unknown) => unknown, allowed: string) {
  return ({ value }: Item): Outcome => {
    const result = convert(value);
    return result === undefined ? unreadableValue(allowed) : taken(path, result);
  };
}

function partMatches(pattern: string, part: string): boolean {
  if (pattern === "*" || pattern === part) return true;
  return pattern.startsWith("{") && pattern.slice(1, -1).split(",").includes(part);
}

/** Returns the parts of a path that match the pattern's wildcards; undefined if the path does not match. */
export function matchPath(pattern: readonly string[], path: readonly string[]): string[] | undefined {
  const [first, ...others] = pattern;
  if (first === undefined) return path.length === 0 ? [] : undefined;
  if (first === "**") {
    for (let skip = 0; skip <= path.length; skip += 1) {
      const rest = matchPath(others, path.slice(skip));
      if (rest) return rest;
    }
    return undefined;
  }
  const [part, ...parts] = path;
  if (part === undefined || !partMatches(first, part)) return undefined;
  const rest = matchPath(others, parts);
  return rest && (/^[*{]/.test(first) ? [part, ...rest] : rest);
}

function hasContent(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasContent);
  if (typeof value === "object" && value !== null) return Object.values(value).some(hasContent);
  return value !== null && value !== "";
}

export const empty = handled("it is empty");
const withoutKey = unsupported("the stack has no key for it");
export const unset = unsupported(
  "its variable is not set: give it in .env beside the file or in the environment, and import again",
);

/** An item and the outcome that its rule gives. */
export interface RuledItem<Of> {
  readonly item: Item;
  readonly outcome: ImportRule<Of>[1];
}

/** Splits a tree into items: by the first matching rule, at the highest matching path. */
export function itemsOf<Of>(
  tree: Tree,
  rules: readonly ImportRule<Of>[],
  path: SourcePath = [],
): RuledItem<Of>[] {
  const names = path.map(String);
  const unset = [...new Set(unsetIn(tree))];
  const item = { path, value: plainValue(tree), leaves: leavesOf(tree), match: [], unset };
  const isEmpty = !hasContent(item.value) && unset.length === 0;
  const readers = isEmpty ? rules.filter(([, , text]) => text && item.value === "") : rules;
  for (const [pattern, outcome] of readers) {
    const match = matchPath(pattern.split("."), names);
    // A rule for everything below a path yields to rules for its parts.
    if (match && (tree.kind === "leaf" || !pattern.endsWith("**")))
      return [{ item: { ...item, match }, outcome }];
  }
  if (tree.kind === "leaf") return [{ item, outcome: isEmpty ? empty : withoutKey }];
  const inner: [string | number, Tree][] =
    tree.kind === "list" ? [...tree.items.entries()] : [...tree.entries];
  return inner.flatMap(([key, value]) => itemsOf(value, rules, [...path, key]));
}

/** Decides the outcome of an item. If a variable of the item has no value, only a rule that handles it may decide. */
export function decideOutcome<Of>({ item, outcome }: RuledItem<Of>, context: Of): Outcome {
  const result = typeof outcome === "function" ? outcome(item, context) : outcome;
  const hasUnset = (item.unset ?? []).length > 0;
  return hasUnset && (result.kind !== "handled" || result === empty) ? unset : result;
}
