import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { project } from "../../../tools/lib/process.ts";
import type { Finding } from "../check/evidence.ts";
import type { KindName, PlatformName } from "../plan/kinds.ts";

/** Drilled deployment: the stack on a platform, or the ordinary compose file. */
export type Subject = PlatformName | "compose";

/** Fault of a schedule, as recorded. */
export interface FaultResult {
  readonly kind: KindName;
  readonly target: string;
  readonly seconds: number;
  /** Proof that the fault happened; undefined if it did not. */
  readonly evidence?: string;
  /** Attempts that the fault ended, as it may. */
  readonly cost: number;
  /** Seconds until everything worked again. */
  readonly recovery?: number;
}

/** Result of one schedule. */
export interface Result {
  readonly subject: Subject;
  readonly seed: number;
  /** ISO 8601. */
  readonly date: string;
  /** Short commit id of the project. */
  readonly commit: string;
  readonly seconds: number;
  readonly tasks: number;
  readonly attempts: number;
  readonly faults: readonly FaultResult[];
  readonly findings: readonly Finding[];
  /** Faults that suffice to make it fail, if the schedule was minimised. */
  readonly suffices?: readonly string[];
}

/** Results of all schedules, one line of JSON each; not committed. */
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

/** Seeds that have not run yet. */
export function seedsLeft(
  results: readonly Result[],
  subject: Subject,
  first: number,
  count: number,
): number[] {
  const done = new Set(results.filter((one) => one.subject === subject).map(({ seed }) => seed));
  return Array.from({ length: count }, (_, at) => first + at).filter((seed) => !done.has(seed));
}
