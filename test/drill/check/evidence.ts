import type { PlannedFault } from "../plan/schedule.ts";
import type { ExpectedTask } from "../plan/workload.ts";
import type { Execution } from "./ledger.ts";

// All times are seconds since the kernel booted.

/** Try of a task, as the database records it. */
export interface Try {
  readonly dag: string;
  readonly run: string;
  readonly task: string;
  /** -1 for a task that is not mapped. */
  readonly map: number;
  readonly try: number;
  readonly state: string | null;
  readonly host: string | null;
  readonly queued: number | null;
  readonly started: number | null;
  readonly ended: number | null;
  /** True for the latest try of its task. */
  readonly current: boolean;
}

/** Fault that was carried out, with its period and its proof. */
export interface Landed {
  readonly fault: PlannedFault;
  readonly from: number;
  /** Time at which everything that the fault took away was back. */
  readonly until: number;
  /** Hosts whose tasks the fault hit. */
  readonly hosts: readonly string[];
  /** Hosts that the fault removed, until a later deployment adds them again. */
  readonly removed?: readonly string[];
  /** Proof that the fault happened. */
  readonly evidence?: string;
  /** Reason why there is no proof. */
  readonly missed?: string;
}

/** Observations of a schedule that ran: what was expected, what the database and the ledger recorded. */
export interface Evidence {
  readonly expected: readonly ExpectedTask[];
  readonly tries: readonly Try[];
  readonly executions: readonly Execution[];
  readonly faults: readonly Landed[];
  /** Time at which the first run was triggered. */
  readonly began: number;
  /** Hosts that run tasks. */
  readonly hosts: readonly string[];
  /** Task slots of each host. */
  readonly places: number;
}

/** Limits, in seconds, that the checker holds a deployment to. */
export interface Bounds {
  /** Seconds that a task may wait for its start while a slot is free. */
  readonly wait: number;
  /** Seconds within which the tasks of a dead worker must run again. */
  readonly again: number;
}

export const bounds: Bounds = { wait: 60, again: 45 };

/** Kinds of broken promises. */
export type Flaw =
  /** The task never ended, or the database does not know it. */
  | "unfinished"
  /** The task ended in a state other than success. */
  | "failed"
  /** The database records success, but the ledger has no end of the task. */
  | "unwritten"
  /** Two executions of the task ran at the same time. */
  | "overlap"
  /** The task finished more than once. */
  | "twice"
  /** The ledger has an execution of a try that the database does not know. */
  | "unknown"
  /** A try ended without success although no fault may have ended it. */
  | "charged"
  /** The task waited longer than promised. */
  | "late"
  /** Tasks of a killed worker did not run again in time. */
  | "slow"
  /** The fault did not happen. */
  | "missed";

/** Broken promise. */
export interface Finding {
  readonly flaw: Flaw;
  /** Observation that shows the flaw, in words. */
  readonly observed: string;
}

/** Key of a task in a run, as findings print it: `DAG.TASK[MAP] of RUN`. */
export const keyOf = ({ dag, run, task, map }: Pick<Try, "dag" | "run" | "task" | "map">) =>
  `${dag}.${task}${map < 0 ? "" : `[${map}]`} of ${run}`;

export const seconds = (value: number) => `${value.toFixed(1)} s`;
