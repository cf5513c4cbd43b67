import { airflowOption } from "../../model/airflowOptions.ts";
import { counted } from "../../schema/machines.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import { defaultWorkers } from "../../schema/workers.ts";
import type { Fault } from "../fault.ts";
import { each } from "../readable.ts";

/** True if there are workers of the default group, which take tasks from the default queue. */
function hasDefaultWorkers({ machines, workers = defaultWorkers, workerAutoscale }: ParsedConfig): boolean {
  if (machines) return machines.some((machine) => (counted(machine).default ?? 0) > 0);
  return workers > 0 || workerAutoscale !== undefined;
}

/** Rejects a default queue that no worker reads. */
export function unservedQueueFaults(parsed: ParsedConfig): Fault[] {
  const given = airflowOption(parsed, "operators.default_queue");
  if (!given || hasDefaultWorkers(parsed)) return [];
  const served = [...new Set(parsed.workerGroups.flatMap(({ queues }) => queues))];
  if (served.includes(given.value)) return [];
  const queues =
    served.length > 0 ? `a queue of a worker group: ${served.join(", ")}; or workers` : "workers";
  const message = `no worker takes tasks from it, since there are none of the default group: expected ${queues}`;
  return [{ path: given.path, message, given: given.value }];
}

/** Rejects a queue that is listed twice. */
export function queueTwiceFaults({ workerGroups }: ParsedConfig): Fault[] {
  return each(workerGroups, ({ queues }, at) =>
    queues.flatMap((queue, index) =>
      queues.indexOf(queue) === index
        ? []
        : [{ path: ["workerGroups", at, "queues", index], message: "expected each queue once" }],
    ),
  );
}
