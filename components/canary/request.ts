import { airflowOption } from "../../settings/model/airflowOptions.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { instances } from "../../workload.ts";

/** Id of the canary's DAG, and prefix of its queues, as in the canary's programs. */
export const canaryDag = "airflow_on_celery.canary";

/** Workers and queues that a proof tries, in the form that `components/canary/proof.py` reads. */
export interface ProofRequest {
  readonly groups: readonly {
    readonly name: string;
    readonly queues: readonly string[];
    /** Names of the workers; null if an autoscaler decides. */
    readonly workers: readonly string[] | null;
    /** Maximum number of concurrent tasks of a worker. */
    readonly places: number;
  }[];
  /** Seconds after which a canary counts as lost that neither runs nor waits behind other tasks. */
  readonly patience: number;
  /** True if an autoscaler may have to start a worker for a canary. */
  readonly wakes: boolean;
}

/** {@link ProofRequest.patience} of every stack. */
const canarySeconds = 300;

/** Builds the request of a proof: all workers that take tasks, with their queues. */
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
