import { timings } from "../../../settings/model/timings.ts";
import type { Values } from "../../../workload.ts";
import { idleFile } from "../idle/idle.ts";
import { constants, modules } from "../modules.ts";

/** Module with the seconds that workers and schedulers share. */
const seconds = constants("timings", {
  RENEWAL: timings.leaseRenewal,
  FENCE: timings.taskFence,
  DEAD: timings.taskDead,
  LOST: timings.messageLost,
});

/** Files of a worker, which reports to the broker the tasks that it holds, and ends them before they run elsewhere. */
export const workerFiles: Values = {
  ...seconds,
  ...modules(import.meta.url, "broker.py", "clock.py", "lease.py", "supervisor.py", "fence.py", "worker.py"),
};

/** Variable of a worker that is suspended together with all schedulers, so that its lease goes on afterwards. */
export const onOneMachine = { AIRFLOW_ON_ONE_MACHINE: "true" };

/** Module of {@link workerFiles} that starts the lease. */
export const workerModule = "airflow_on_celery.worker";

/** Files of a scheduler whose executor reschedules tasks that no living worker holds, and cuts the idle sleep short. */
export const schedulerFiles = {
  ...seconds,
  ...modules(import.meta.url, "broker.py", "watch.py", "executor.py"),
  ...idleFile,
};

/** Module of {@link schedulerFiles} that has the executor. */
export const executorModule = "airflow_on_celery.executor";

/** `[core] executor` of a scheduler: the name that DAGs may use, and the class. */
export const executor = `CeleryExecutor:${executorModule}.CeleryExecutor`;
