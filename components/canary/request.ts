import { airflowOption } from "../../settings/model/airflowOptions.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { instances } from "../../workload.ts";

/** Id of the canary's DAG, as its programs have it; begins the names of its queues, too. */
export const canaryDag = "airflow_on_celery.canary";

/** Workers and queues that a proof tries, in the form that `components/canary/proof.py` reads. */
export interface ProofRequest {
  readonly groups: readonly {
    readonly name: string;
    readonly queues: readonly string[];
    /** Names of the workers; null if an autoscaler decides. */
    readonly workers: readonly string[] | null;
    /** Tasks that a worker runs at once. */
    readonly places: number;
  }[];
  /** Seconds after which a canary that neither runs nor waits for others counts as lost. */
  readonly patience: number;
  /** True if an autoscaler may have to start a worker for it. */
  readonly wakes: boolean;
}

/** Seconds for which a canary may be on its way. */
const canarySeconds = 300;

/** Lists the workers of a stack that take tasks, with the queues that they read. */
export function proofRequest(settings: Pick<Settings, "groups" | "settings">, wakes: boolean): ProofRequest {
  const defaultQueue = airflowOption(settings, "operators.default_queue")?.value ?? "default";
  const groups = settings.groups
    .filter(({ workers, autoscale }) => workers > 0 || autoscale)
    .map(({ name, queues, workers, autoscale, concurrency }) => ({
      name,
      queues: queues.length > 0 ? queues : [defaultQueue],
      workers: autoscale ? null : instances(name, { replicas: workers }),
      places: concurrency.max,
    }));
  return { groups, patience: canarySeconds, wakes };
}
