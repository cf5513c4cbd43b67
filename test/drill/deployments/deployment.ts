import type { AirflowApi } from "../../../tools/lib/airflow.ts";
import type { Hands } from "../nemesis/faults.ts";
import type { KindName, PlatformName } from "../plan/kinds.ts";
import type { Layout } from "../plan/schedule.ts";
import type { Subject } from "../results/results.ts";

/** Deployment under test. */
export interface Deployment extends Hands {
  readonly subject: Subject;
  /** Platform that determines its kinds of faults. */
  readonly platform: PlatformName;
  readonly layout: Layout;
  /** Kinds of the platform's faults that do not apply to it. */
  readonly without: readonly KindName[];
  /** Tasks that a worker runs at once. */
  readonly places: number;
  readonly api: AirflowApi;
  /** Restores the state before each schedule: all instances healthy, as many workers as in `layout`. */
  ready(): Promise<void>;
  /** Queries the metadata database; returns one JSON text. */
  query(sql: string): Promise<string>;
  /** Reads the ledger entries of all runs whose names start with `runs`. */
  ledger(runs: string): Promise<string>;
  /** Removes what uses CPU time but keeps all data; `ready` brings it back. */
  rest(): Promise<void>;
  remove(): Promise<void>;
}

/** Command that prints the ledger from the path in `dags/drill_ledger.py`. */
export function ledgerOf(runs: string): readonly string[] {
  return ["sh", "-c", `cat "/opt/airflow/data/ledger/$1"*/*.jsonl 2>/dev/null || true`, "ledger", runs];
}
