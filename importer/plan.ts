import type { z } from "zod";
import { spell } from "../settings/schema/path.ts";
import { schema } from "../settings/schema/schema.ts";
import { type Item, type Outcome, type Target, unset, unsupported } from "./rule.ts";
import type { Leaf, Path } from "./source.ts";

/** A part of the input with its outcome. */
export interface Entry {
  readonly item: Item;
  readonly outcome: Outcome;
  /** Decides between entries for the same key: the entry with the most weight wins, or else the first. Default: 0. */
  readonly weight?: number;
}

/** A line of the report. */
export interface Row {
  readonly leaves: readonly Leaf[];
  /** Name of the item, if its path ends with a number. */
  readonly name?: string | undefined;
  /** Keys of the stack; none if nothing was taken over. */
  readonly targets: readonly string[];
  /** Why nothing was taken over, or what the user should know. */
  readonly note?: string | undefined;
  /** What the user still has to do about a value that was taken over. */
  readonly todo?: string | undefined;
}

export interface Plan {
  /** Values by key, without the project's prefix. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly taken: readonly Row[];
  readonly handled: readonly Row[];
  readonly unsupported: readonly Row[];
  /** Keys of secrets that the user must store. */
  readonly secrets: readonly string[];
  /** Python packages for a file of their own. */
  readonly requirements?: string;
}

type OutcomeKind = Outcome["kind"];
/** A value that is used several times gets the first of its outcomes in this order. */
const precedence: readonly OutcomeKind[] = ["taken", "unsupported", "handled"];

function nested(path: Path, value: unknown): unknown {
  const [first, ...others] = path;
  if (first === undefined) return value;
  const inner = nested(others, value);
  return typeof first === "number" ? [...Array<object>(first).fill({}), inner] : { [first]: inner };
}

/** Returns the schema's error for a value; undefined if the schema accepts the value. */
function fault({ path, value }: Target): string | undefined {
  const result = schema.safeParse(nested(path, value));
  const found = result.success ? undefined : result.error.issues.find((issue) => concerns(issue, path));
  return found && messageOf(found);
}

function concerns(issue: z.core.$ZodIssue, path: Path): boolean {
  return issue.path.every((part, at) => at >= path.length || part === path[at]);
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}

/** Drops the targets that the schema rejects. */
function checked(outcome: Outcome): Outcome {
  if (outcome.kind !== "taken") return outcome;
  const faults = outcome.targets.map((target) =>
    target.value === undefined || target.path[0] === "requirements" ? undefined : fault(target),
  );
  const left = outcome.targets.filter((_, at) => faults[at] === undefined);
  const [first] = faults.filter((one) => one !== undefined);
  const to = outcome.targets[faults.findIndex((one) => one !== undefined)]?.path ?? [];
  return left.length > 0 ? { ...outcome, targets: left } : unsupported(`${spell(to)}: ${first}`);
}

function where({ file, line }: Leaf): string {
  return `${file}:${line}`;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Settles each key: the entry with the most weight, or else the first, wins, and the entries with the same value stay. */
function agreed(entries: readonly Entry[]): Entry[] {
  const heard = new Map<string, { readonly entry: Entry; readonly said: unknown }>();
  const said = ({ item }: Entry, { value }: Target) => value ?? item.value;
  for (const entry of entries) {
    if (entry.outcome.kind !== "taken") continue;
    for (const target of entry.outcome.targets) {
      const key = spell(target.path);
      const weight = heard.get(key)?.entry.weight ?? 0;
      if (!heard.has(key) || (entry.weight ?? 0) > weight)
        heard.set(key, { entry, said: said(entry, target) });
    }
  }
  return entries.map((entry) => {
    const { outcome } = entry;
    if (outcome.kind !== "taken") return entry;
    const left = outcome.targets.filter((target) =>
      same(heard.get(spell(target.path))?.said, said(entry, target)),
    );
    if (left.length > 0) return { ...entry, outcome: { ...outcome, targets: left } };
    const key = spell(outcome.targets[0]?.path ?? []);
    const [leaf] = heard.get(key)?.entry.item.leaves ?? [];
    return {
      ...entry,
      outcome: unsupported(`the stack has one ${key}, and ${leaf ? where(leaf) : "another"} gives it`),
    };
  });
}

/** Maps each leaf to the one entry that decides its outcome. */
function told(entries: readonly Entry[]): Map<Leaf, Entry> {
  const rank = ({ outcome }: Entry) => precedence.indexOf(outcome.kind);
  const byLeaf = new Map<Leaf, Entry>();
  for (const entry of entries) {
    for (const leaf of entry.item.leaves) {
      const before = byLeaf.get(leaf);
      if (!before || rank(entry) < rank(before)) byLeaf.set(leaf, entry);
    }
  }
  return byLeaf;
}

function nameOf(
  { path, value, leaves: [first], unset: missing = [] }: Item,
  outcome: Outcome,
): string | undefined {
  if (outcome === unset) return missing.join(", ");
  const { name, envName } = Object(value) as { name?: unknown; envName?: unknown };
  const last = typeof first?.path.at(-1) === "number" ? path.at(-1) : (name ?? envName);
  return typeof last === "string" && !first?.path.includes(last) ? last : undefined;
}

function rows(kind: OutcomeKind, leaves: readonly Leaf[], byLeaf: ReadonlyMap<Leaf, Entry>): Row[] {
  const grouped = new Map<Entry, Leaf[]>();
  for (const leaf of leaves) {
    const entry = byLeaf.get(leaf);
    if (entry?.outcome.kind !== kind) continue;
    grouped.set(entry, [...(grouped.get(entry) ?? []), leaf]);
  }
  return [...grouped].map(([{ item, outcome }, own]) => ({
    leaves: own,
    name: nameOf(item, outcome),
    targets: outcome.kind === "taken" ? outcome.targets.map(({ path }) => spell(path)) : [],
    note: outcome.kind === "taken" ? outcome.note : outcome.why,
    ...(outcome.kind === "taken" && outcome.todo !== undefined && { todo: outcome.todo }),
  }));
}

/** Removes the gaps that rejected items left in lists. */
function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== undefined).map(compact);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, compact(inner)]));
}

/** Puts a value at a path. */
function put(into: Record<string | number, unknown>, [first, ...others]: Path, value: unknown): void {
  if (first === undefined) return;
  if (others.length === 0) into[first] = value;
  else {
    into[first] ??= typeof others[0] === "number" ? [] : {};
    put(into[first] as Record<string | number, unknown>, others, value);
  }
}

/**
 * Makes the stack file's values, and the outcome of each value of the input.
 * @param leaves all values of the input
 * @param extras follow from the input as a whole; explicit values override them
 * @param unused why a value was not looked at
 */
export function planned(
  entries: readonly Entry[],
  leaves: readonly Leaf[],
  extras: readonly Target[],
  unused: Outcome,
): Plan {
  const settled = agreed(entries.map((entry) => ({ ...entry, outcome: checked(entry.outcome) })));
  const byLeaf = told(settled);
  const others = leaves.filter((leaf) => !byLeaf.has(leaf));
  for (const leaf of others)
    byLeaf.set(leaf, { item: { path: leaf.path, value: null, leaves: [leaf], match: [] }, outcome: unused });
  const targets = settled.flatMap(({ outcome }) => (outcome.kind === "taken" ? outcome.targets : []));
  // Outer values come before their parts.
  const outerFirst = [...extras, ...targets].toSorted(
    ({ path: one }, { path: other }) => one.length - other.length,
  );
  const values = new Map(outerFirst.map((target) => [spell(target.path), target]));
  const config: Record<string, unknown> = {};
  for (const { path, value } of values.values()) {
    if (value !== undefined && path[0] !== "requirements") put(config, path, value);
  }
  const packages = values.get("requirements")?.value;
  const { file: packagesFile } = Object(packages) as { file?: string };
  const secrets = targets.filter(({ value }) => value === undefined).map(({ path }) => spell(path));
  return {
    config: { ...(compact(config) as Plan["config"]), ...(packagesFile && { requirements: packagesFile }) },
    taken: rows("taken", leaves, byLeaf),
    handled: rows("handled", leaves, byLeaf),
    unsupported: rows("unsupported", leaves, byLeaf),
    secrets: [...new Set(secrets)].toSorted(),
    ...(typeof packages === "string" && { requirements: `${packages.trim().split(/\s+/).join("\n")}\n` }),
  };
}
