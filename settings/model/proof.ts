import { instances } from "../../workload.ts";
import { airflowOption } from "./airflowOptions.ts";
import type { Settings } from "./groups.ts";

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
}

/** Lists the workers of a stack that take tasks, with the queues that they read. */
export function proofRequest(
  settings: Pick<Settings, "groups" | "settings">,
  patience: number,
): ProofRequest {
  const defaultQueue = airflowOption(settings, "operators.default_queue")?.value ?? "default";
  const groups = settings.groups
    .filter(({ workers, autoscale }) => workers > 0 || autoscale)
    .map(({ name, queues, workers, autoscale, concurrency }) => ({
      name,
      queues: queues.length > 0 ? queues : [defaultQueue],
      workers: autoscale ? null : instances(name, { replicas: workers }),
      places: concurrency.max,
    }));
  return { groups, patience };
}
