import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { project } from "../../../tools/lib/process.ts";
import type { Finding } from "../check/evidence.ts";
import type { KindName, PlatformName } from "../plan/kinds.ts";

/** Deployment that the drill hits: the stack on a platform, or the ordinary compose file. */
export type Subject = PlatformName | "compose";

/** Fault of a schedule with its effects, as recorded. */
export interface FaultResult {
  readonly kind: KindName;
  readonly target: string;
  /** Duration; 0 if the kind has none. */
  readonly seconds: number;
  /** Proof that the fault happened; undefined if it did not. */
  readonly evidence?: string;
  /** Number of attempts that the fault ended, as its kind allows. */
  readonly cost: number;
  /** Seconds until everything worked again; undefined if nothing ran afterwards. */
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
  /** Duration, including the wait for all tasks to end. */
  readonly seconds: number;
  readonly tasks: number;
  readonly attempts: number;
  readonly faults: readonly FaultResult[];
  readonly findings: readonly Finding[];
  /** Faults, in words, that suffice to make the schedule fail; undefined if it was not minimised. */
  readonly suffices?: readonly string[];
}

/** File of the results with all findings, one line of JSON for each schedule; not committed. */
export const resultsFile = join(project, ".state/drill/results.jsonl");

export function addResult(result: Result, file = resultsFile): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}
