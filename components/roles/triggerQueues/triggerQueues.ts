import type { Values } from "../../../workload.ts";
import { constants, modules } from "../modules.ts";

/** Makes workers give triggers the queues of their tasks, and lets triggerers read these queues. */
export const triggerQueues: Values = { AIRFLOW__TRIGGERER__QUEUES_ENABLED: "True" };

/**
 * Files of triggerers that read no queues, and run triggers of queues that nobody reads.
 * @param served queues that triggerers of groups read
 */
export function strandedFiles(served: readonly string[]): Values {
  return {
    ...modules(import.meta.url, "stranded.py"),
    ...constants("served", { SERVED: [...new Set(served)].sort() }),
  };
}

/** Module of {@link strandedFiles} that such a triggerer imports at its start. */
export const strandedModule = "airflow_on_celery.stranded";
