import type { AirflowApi } from "../../../tools/lib/airflow.ts";
import type { Hands } from "../nemesis/faults.ts";
import type { KindName, PlatformName } from "../plan/kinds.ts";
import type { Layout } from "../plan/schedule.ts";
import type { Subject } from "../results/results.ts";

/** A deployment that is drilled. */
export interface Deployment extends Hands {
  readonly subject: Subject;
  /** The platform whose kinds of faults it has. */
  readonly platform: PlatformName;
  readonly layout: Layout;
  /** Kinds of its platform's faults that it cannot have. */
  readonly without: readonly KindName[];
  /** Tasks that a worker runs at once. */
  readonly places: number;
  readonly api: AirflowApi;
  /** Brings it to what every schedule begins with: all instances healthy, as many workers as `layout` has. */
  ready(): Promise<void>;
  /** Asks the metadata database; returns one JSON text. */
  query(sql: string): Promise<string>;
  /** All that tasks wrote to the ledger, of runs whose name begins so. */
  ledger(runs: string): Promise<string>;
  /** Removes what takes CPU time, and keeps all data; `ready` brings it back. */
  rest(): Promise<void>;
  remove(): Promise<void>;
}

/** Where tasks write the ledger, as `dags/drill_ledger.py` has it. */
export function ledgerOf(runs: string): readonly string[] {
  return ["sh", "-c", `cat "/opt/airflow/data/ledger/$1"*/*.jsonl 2>/dev/null || true`, "ledger", runs];
}
