import type { AirflowApi } from "../../../tools/lib/airflow.ts";
import type { Hands } from "../nemesis/faults.ts";
import type { KindName, PlatformName } from "../plan/kinds.ts";
import type { Layout } from "../plan/schedule.ts";
import type { Subject } from "../results/results.ts";

/** Deployment under test. */
export interface Deployment extends Hands {
  readonly subject: Subject;
  /** Platform that determines the kinds of faults that can hit the deployment. */
  readonly platform: PlatformName;
  readonly layout: Layout;
  /** Kinds of the platform's faults that do not apply to the deployment. */
  readonly without: readonly KindName[];
  /** Number of tasks that a worker runs at a time. */
  readonly places: number;
  readonly api: AirflowApi;
  /** Restores the state before each schedule: all instances healthy, as many workers as in `layout`. */
  ready(): Promise<void>;
  /** Queries the metadata database; returns one JSON text. */
  query(sql: string): Promise<string>;
  /** Reads the ledger entries of all runs whose names start with `runs`. */
  ledger(runs: string): Promise<string>;
  /** Removes everything that uses CPU time but keeps all data; `ready` deploys it again. */
  rest(): Promise<void>;
  /** Removes the deployment with all its data. */
  remove(): Promise<void>;
}

/** Returns the command that prints the ledger of runs whose names start with `runs`; `dags/drill_ledger.py` has its path. */
export function ledgerOf(runs: string): readonly string[] {
  return ["sh", "-c", `cat "/opt/airflow/data/ledger/$1"*/*.jsonl 2>/dev/null || true`, "ledger", runs];
}
