import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Flaw } from "../check/evidence.ts";
import type { KindName } from "../plan/kinds.ts";
import type { Result, Subject } from "./results.ts";

/** Flaws that each count of a tally stands for. */
export const flawCounts = {
  lost: ["unfinished", "failed", "unwritten", "unknown"],
  doubled: ["overlap", "twice"],
  charged: ["charged"],
  late: ["late", "slow"],
} as const satisfies Readonly<Record<string, readonly Flaw[]>>;

type FlawCounts = Readonly<Record<keyof typeof flawCounts, number>>;

/** Counts of the schedules on one deployment. */
export interface SubjectTally extends FlawCounts {
  readonly seeds: readonly number[];
  readonly faults: number;
  readonly tasks: number;
  /** Longest recovery in seconds; 0 if none is known. */
  readonly longest: number;
}

/** Counts of one kind of fault; compose files are not included. */
export interface KindTally {
  /** Faults that have evidence. */
  readonly times: number;
  /** Attempts that the faults ended, as their kind allows. */
  readonly cost: number;
  /** Longest recovery in seconds; 0 if none is known. */
  readonly longest: number;
}

/** Counts of one schedule, or of several together. */
export interface Tally {
  readonly subjects: { readonly [S in Subject]?: SubjectTally };
  readonly kinds: { readonly [K in KindName]?: KindTally };
}

/** File of the tallies that the page shows, one line of JSON for each schedule; committed. */
export const tallyFile = join(import.meta.dirname, "tallies.jsonl");

const noTally: SubjectTally = {
  seeds: [],
  faults: 0,
  tasks: 0,
  lost: 0,
  doubled: 0,
  charged: 0,
  late: 0,
  longest: 0,
};
const noKind: KindTally = { times: 0, cost: 0, longest: 0 };

function addSubjects(a: SubjectTally, b: SubjectTally): SubjectTally {
  return {
    seeds: [...a.seeds, ...b.seeds],
    faults: a.faults + b.faults,
    tasks: a.tasks + b.tasks,
    lost: a.lost + b.lost,
    doubled: a.doubled + b.doubled,
    charged: a.charged + b.charged,
    late: a.late + b.late,
    longest: Math.max(a.longest, b.longest),
  };
}

function addKinds(a: KindTally, b: KindTally): KindTally {
  return { times: a.times + b.times, cost: a.cost + b.cost, longest: Math.max(a.longest, b.longest) };
}

/** Merges two records of tallies, adding what both have. */
function merged<T>(add: (a: T, b: T) => T, none: T, a: Record<string, T>, b: Record<string, T>) {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, add(a[name] ?? none, b[name] ?? none)]));
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (all, one) => ({
      subjects: merged(addSubjects, noTally, all.subjects, one.subjects),
      kinds: merged(addKinds, noKind, all.kinds, one.kinds),
    }),
    { subjects: {}, kinds: {} },
  );
}

export function tallyOf({ subject, seed, tasks, faults, findings }: Result): Tally {
  const count = (flaws: readonly Flaw[]) => findings.filter(({ flaw }) => flaws.includes(flaw)).length;
  const flaws = Object.entries(flawCounts).map(([name, of]) => [name, count(of)]);
  const longest = Math.max(0, ...faults.map(({ recovery }) => recovery ?? 0));
  const counts: FlawCounts = Object.fromEntries(flaws);
  const kinds = faults.map(({ kind, evidence, cost, recovery = 0 }): Tally => {
    const times = evidence === undefined ? 0 : 1;
    return { subjects: {}, kinds: { [kind]: { times, cost, longest: recovery } } };
  });
  const own = { ...noTally, ...counts, seeds: [seed], faults: faults.length, tasks, longest };
  return sum([{ subjects: { [subject]: own }, kinds: {} }, ...(subject === "compose" ? [] : kinds)]);
}

export function readTallies(file = tallyFile): Tally {
  if (!existsSync(file)) return sum([]);
  const lines = readFileSync(file, "utf8").split("\n");
  return sum(lines.filter((line) => line !== "").map((line) => JSON.parse(line)));
}

export function addTally(tally: Tally, file = tallyFile): void {
  appendFileSync(file, `${JSON.stringify(tally)}\n`);
}

/** Lists the seeds of `count` from `first` that have no tally on a subject yet. */
export function seedsLeft({ subjects }: Tally, subject: Subject, first: number, count: number): number[] {
  const done = new Set(subjects[subject]?.seeds);
  return Array.from({ length: count }, (_, at) => first + at).filter((seed) => !done.has(seed));
}
