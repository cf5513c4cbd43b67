import type { Fault } from "../plan/schedule.ts";
import type { ExpectedTask } from "../plan/workload.ts";
import type { Execution } from "./ledger.ts";

// All times are seconds since the kernel booted.

/** A try of a task, as the database has it. */
export interface Try {
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  readonly map: number;
  readonly try: number;
  readonly state: string | null;
  readonly host: string | null;
  readonly queued: number | null;
  readonly started: number | null;
  readonly ended: number | null;
  /** The last one of its task. */
  readonly current: boolean;
}

/** A fault as it went. */
export interface Landed {
  readonly fault: Fault;
  readonly from: number;
  /** When it was over: what was taken away was back. */
  readonly until: number;
  /** Hosts whose tasks it hit. */
  readonly hosts: readonly string[];
  /** Shows that it happened. */
  readonly evidence?: string;
  /** Why there is none. */
  readonly missed?: string;
}

/** All that is known of a schedule that was run. */
export interface Evidence {
  readonly expected: readonly ExpectedTask[];
  readonly tries: readonly Try[];
  readonly executions: readonly Execution[];
  readonly faults: readonly Landed[];
  /** When the first run was triggered. */
  readonly began: number;
  /** Hosts that take tasks. */
  readonly hosts: readonly string[];
  /** Places of each. */
  readonly places: number;
}

/** Seconds that the checker holds a deployment to. */
export interface Bounds {
  /** Seconds that a task may wait for its start while there is a place for it. */
  readonly wait: number;
  /** Seconds in which the tasks of a dead worker run elsewhere. */
  readonly again: number;
}

export const bounds: Bounds = { wait: 60, again: 45 };

/** Sorts of what the checker finds. */
export type Flaw =
  /** The workload's task never came to an end, or the database does not know it. */
  | "unfinished"
  /** It ended in another state than success. */
  | "failed"
  /** The database says that it succeeded, but it did not come to its end, by the ledger. */
  | "unwritten"
  /** Two of its executions ran at the same time. */
  | "overlap"
  /** It came to its end more than once. */
  | "twice"
  /** The ledger knows an execution of a try that the database does not. */
  | "unknown"
  /** A try ended that no fault may have ended. */
  | "charged"
  /** It waited longer than promised. */
  | "late"
  /** Tasks of a killed worker did not run again in time. */
  | "slow"
  /** A fault that did not happen. */
  | "missed";

export interface Finding {
  readonly flaw: Flaw;
  /** The observation, for people. */
  readonly told: string;
}

export const keyOf = ({ dag, run, task, map }: Pick<Try, "dag" | "run" | "task" | "map">) =>
  `${dag}.${task}${map < 0 ? "" : `[${map}]`} of ${run}`;

export const seconds = (value: number) => `${value.toFixed(1)} s`;
