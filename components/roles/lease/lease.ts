import { timings } from "../../../settings/model/timings.ts";
import type { Values } from "../../../workload.ts";
import { idleFile } from "../idle/idle.ts";
import { moduleFolder, modules } from "../modules.ts";

function programs(...names: readonly string[]): Values {
  const { leaseRenewal, taskFence, taskDead, messageLost } = timings;
  return {
    ...modules(import.meta.url, ...names),
    [`${moduleFolder}/timings.json`]: JSON.stringify({ leaseRenewal, taskFence, taskDead, messageLost }),
  };
}

/** Files of a worker: it tells the broker which tasks it holds, and ends tasks before they are given away. */
export const workerFiles = programs(
  "timings.py",
  "broker.py",
  "lease.py",
  "supervisor.py",
  "fence.py",
  "worker.py",
);

/** Module of {@link workerFiles} that starts the lease. */
export const workerModule = "airflow_on_celery.worker";

/** Files of a scheduler whose executor reschedules tasks that no living worker holds, and ends its idle sleep. */
export const schedulerFiles = {
  ...programs("timings.py", "broker.py", "watch.py", "executor.py"),
  ...idleFile,
};

/** `[core] executor` of a scheduler, under the name that DAGs may call it by. */
export const executor = "CeleryExecutor:airflow_on_celery.executor.CeleryExecutor";
