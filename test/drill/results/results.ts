import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { project } from "../../../tools/lib/process.ts";
import type { Finding } from "../check/evidence.ts";
import type { KindName, PlatformName } from "../plan/kinds.ts";

/** The drilled deployment: the stack on a platform, or the usual compose file. */
export type Subject = PlatformName | "compose";

/** One fault of a schedule, as it is kept. */
export interface FaultResult {
  readonly kind: KindName;
  readonly target: string;
  readonly seconds: number;
  /** Shows that it happened; missing, if it did not. */
  readonly evidence?: string;
  /** Attempts that it ended, as it may. */
  readonly cost: number;
  /** Seconds until everything was at work again. */
  readonly recovery?: number;
}

/** One schedule that was run. */
export interface Result {
  readonly subject: Subject;
  readonly seed: number;
  /** ISO 8601. */
  readonly date: string;
  /** Of the project, in short. */
  readonly commit: string;
  readonly seconds: number;
  readonly tasks: number;
  readonly attempts: number;
  readonly faults: readonly FaultResult[];
  readonly findings: readonly Finding[];
  /** The faults that suffice for it to fail, where that was looked for. */
  readonly suffices?: readonly string[];
}

/** Results of all schedules, a line of JSON for each; not committed. */
export const resultsFile = join(project, ".state/drill/results.jsonl");

export function readResults(file = resultsFile): readonly Result[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

export function addResult(result: Result, file = resultsFile): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

/** Seeds that are still to be run. */
export function seedsLeft(
  results: readonly Result[],
  subject: Subject,
  first: number,
  count: number,
): number[] {
  const done = new Set(results.filter((one) => one.subject === subject).map(({ seed }) => seed));
  return Array.from({ length: count }, (_, at) => first + at).filter((seed) => !done.has(seed));
}
