import type { z } from "zod";
import { spell } from "../settings/schema/path.ts";
import { schema } from "../settings/schema/schema.ts";
import {
  type ConvertedKey,
  handled,
  type Item,
  type Outcome,
  targetsOf,
  unset,
  unsupported,
  withTargets,
} from "./rule.ts";
import { plainSecretProblem } from "./secrets.ts";
import type { Leaf, SourcePath } from "./source.ts";

/** A part of the input with its outcome. */
export interface Entry {
  readonly item: Item;
  readonly outcome: Outcome;
  /** Decides between entries for the same key: the entry with the most weight wins, or else the first. Default: 0. */
  readonly weight?: number;
}

/** Makes the entry of a single value whose outcome is decided. */
export function entryAt(leaf: Leaf, outcome: Outcome, value: unknown = null): Entry {
  return { item: { path: leaf.path, value, leaves: [leaf], match: [] }, outcome };
}

/** A line of the report. */
export interface ReportLine {
  readonly leaves: readonly Leaf[];
  /** Name of the item, if its path ends with a number. */
  readonly name?: string | undefined;
  /** Keys of the stack; none if nothing was taken over. */
  readonly targets: readonly string[];
  /** Why nothing was taken over, or what the user should know. */
  readonly note?: string | undefined;
  /** Remaining work of the user for a value that was taken over. */
  readonly todo?: string | undefined;
}

export interface Plan {
  /** Values by key, without the project's prefix. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly taken: readonly ReportLine[];
  readonly handled: readonly ReportLine[];
  readonly unsupported: readonly ReportLine[];
  /** Keys of secrets that the user must store. */
  readonly secrets: readonly string[];
  /** Python packages for a file of their own. */
  readonly requirements?: string;
}

type OutcomeKind = Outcome["kind"];
/** A value that is used several times gets the first of its outcomes in this order. */
const precedence: readonly OutcomeKind[] = ["taken", "unsupported", "handled"];

function valueAtPath(path: SourcePath, value: unknown): unknown {
  const [first, ...others] = path;
  if (first === undefined) return value;
  const inner = valueAtPath(others, value);
  return typeof first === "number" ? [...Array<object>(first).fill({}), inner] : { [first]: inner };
}

/** Returns the schema's error for a value; undefined if the schema accepts the value. */
function schemaError({ path, value }: ConvertedKey): string | undefined {
  const result = schema.safeParse(valueAtPath(path, value));
  const found = result.success ? undefined : result.error.issues.find((issue) => isAbout(issue, path));
  return found && messageOf(found);
}

function isAbout(issue: z.core.$ZodIssue, path: SourcePath): boolean {
  return issue.path.every((part, at) => at >= path.length || part === path[at]);
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}

/** Returns why a target cannot be in the stack file; undefined if it can. Packages have been checked word by word. */
function targetProblem(target: ConvertedKey): string | undefined {
  const { path, value } = target;
  if (value === undefined || path[0] === "requirements") return undefined;
  const problem = schemaError(target) ?? plainSecretProblem(path, value);
  return problem && `${spell(path)}: ${problem}`;
}

/** Drops the targets that cannot be in the stack file. */
function withoutInvalidTargets(outcome: Outcome): Outcome {
  if (outcome.kind !== "taken") return outcome;
  const problems = outcome.targets.map(targetProblem);
  const valid = outcome.targets.filter((_, at) => problems[at] === undefined);
  const found = problems.filter((text) => text !== undefined);
  if (valid.length > 0) return withTargets(outcome, valid, found);
  return unsupported(found[0] ?? "it has no value that the stack takes");
}

const withoutProxy = handled("without a proxy it has no effect");

/** Drops the hosts that are reached without a proxy, if there is none. */
function withoutIdleProxy(entries: readonly Entry[]): readonly Entry[] {
  const isOfProxy = ({ path: [key] }: ConvertedKey) => key === "proxy";
  const isExempt = ({ path: [key, kind] }: ConvertedKey) => key === "proxy" && kind === "no";
  const found = entries.flatMap(({ outcome }) => targetsOf(outcome)).filter(isOfProxy);
  if (!found.every(isExempt)) return entries;
  return entries.map((entry) =>
    targetsOf(entry.outcome).some(isExempt) ? { ...entry, outcome: withoutProxy } : entry,
  );
}

function placeOf({ file, line }: Leaf): string {
  return `${file}:${line}`;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Settles each key: the entry with the most weight, or else the first, wins, and the entries with the same value stay. */
function settleKeys(entries: readonly Entry[]): Entry[] {
  const winners = new Map<string, { readonly entry: Entry; readonly value: unknown }>();
  const targetValue = ({ item }: Entry, { value }: ConvertedKey) => value ?? item.value;
  for (const entry of entries) {
    for (const target of targetsOf(entry.outcome)) {
      const key = spell(target.path);
      const weight = winners.get(key)?.entry.weight ?? 0;
      if (!winners.has(key) || (entry.weight ?? 0) > weight)
        winners.set(key, { entry, value: targetValue(entry, target) });
    }
  }
  return entries.map((entry) => {
    const { outcome } = entry;
    if (outcome.kind !== "taken") return entry;
    const isKept = (target: ConvertedKey) =>
      isSame(winners.get(spell(target.path))?.value, targetValue(entry, target));
    const kept = outcome.targets.filter(isKept);
    const lost = outcome.targets.filter((target) => !isKept(target)).map(({ path }) => spell(path));
    const reasonOf = (key: string) => {
      const [leaf] = winners.get(key)?.entry.item.leaves ?? [];
      return `the stack has one ${key}, and ${leaf ? placeOf(leaf) : "another"} gives it`;
    };
    const [first = ""] = lost;
    const settled =
      kept.length > 0
        ? withTargets(
            outcome,
            kept,
            lost.map((key) => `${key}: ${reasonOf(key)}`),
          )
        : unsupported(reasonOf(first));
    return { ...entry, outcome: settled };
  });
}

/** Maps each leaf to the one entry that decides its outcome. */
function entriesByLeaf(entries: readonly Entry[]): Map<Leaf, Entry> {
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

function itemName(
  { path, value, leaves: [first], unset: missing = [] }: Item,
  outcome: Outcome,
): string | undefined {
  if (outcome === unset) return missing.join(", ");
  const { name, envName } = Object(value) as { name?: unknown; envName?: unknown };
  const last = typeof first?.path.at(-1) === "number" ? path.at(-1) : (name ?? envName);
  return typeof last === "string" && !first?.path.includes(last) ? last : undefined;
}

function rowsOf(kind: OutcomeKind, leaves: readonly Leaf[], byLeaf: ReadonlyMap<Leaf, Entry>): ReportLine[] {
  const leavesByEntry = new Map<Entry, Leaf[]>();
  for (const leaf of leaves) {
    const entry = byLeaf.get(leaf);
    if (entry?.outcome.kind !== kind) continue;
    leavesByEntry.set(entry, [...(leavesByEntry.get(entry) ?? []), leaf]);
  }
  return [...leavesByEntry].map(([{ item, outcome }, ownLeaves]) => ({
    leaves: ownLeaves,
    name: itemName(item, outcome),
    targets: targetsOf(outcome).map(({ path }) => spell(path)),
    note: outcome.kind === "taken" ? outcome.note : outcome.why,
    ...(outcome.kind === "taken" && outcome.todo !== undefined && { todo: outcome.todo }),
  }));
}

/** Removes the gaps that rejected items left in lists. */
function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== undefined).map(withoutGaps);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutGaps(inner)]));
}

/** Puts a value at a path. */
function putAt(into: Record<string | number, unknown>, [first, ...others]: SourcePath, value: unknown): void {
  if (first === undefined) return;
  if (others.length === 0) into[first] = value;
  else {
    into[first] ??= typeof others[0] === "number" ? [] : {};
    putAt(into[first] as Record<string | number, unknown>, others, value);
  }
}

/**
 * Makes the stack file's values, and the outcome of each value of the input.
 * @param leaves all values of the input
 * @param extras follow from the input as a whole, and are left out if they cannot be in the stack file; explicit values override them
 * @param unused why a value was not looked at
 */
export function makePlan(
  entries: readonly Entry[],
  leaves: readonly Leaf[],
  extras: readonly ConvertedKey[],
  unused: Outcome,
): Plan {
  const valid = entries.map((entry) => ({ ...entry, outcome: withoutInvalidTargets(entry.outcome) }));
  const settled = settleKeys(withoutIdleProxy(valid));
  const byLeaf = entriesByLeaf(settled);
  for (const leaf of leaves) if (!byLeaf.has(leaf)) byLeaf.set(leaf, entryAt(leaf, unused));
  const targets = settled.flatMap(({ outcome }) => targetsOf(outcome));
  // Outer values come before their parts.
  const validExtras = extras.filter((target) => targetProblem(target) === undefined);
  const outerFirst = [...validExtras, ...targets].toSorted(
    ({ path: one }, { path: other }) => one.length - other.length,
  );
  const values = new Map(outerFirst.map((target) => [spell(target.path), target]));
  const config: Record<string, unknown> = {};
  for (const { path, value } of values.values()) {
    if (value !== undefined && path[0] !== "requirements") putAt(config, path, value);
  }
  const packages = values.get("requirements")?.value;
  const { file: packagesFile } = Object(packages) as { file?: string };
  const secrets = targets.filter(({ value }) => value === undefined).map(({ path }) => spell(path));
  return {
    config: {
      ...(withoutGaps(config) as Plan["config"]),
      ...(packagesFile && { requirements: packagesFile }),
    },
    taken: rowsOf("taken", leaves, byLeaf),
    handled: rowsOf("handled", leaves, byLeaf),
    unsupported: rowsOf("unsupported", leaves, byLeaf),
    secrets: [...new Set(secrets)].toSorted(),
    ...(typeof packages === "string" && { requirements: `${packages.trim().split(/\s+/).join("\n")}\n` }),
  };
}
