import { airflowOption } from "../../model/airflowOptions.ts";
import { counted } from "../../schema/machines.ts";
import { queue } from "../../schema/values.ts";
import { defaultWorkers } from "../../schema/workers.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects a default queue that no worker reads. */
const unserved = rule(
  ["settings.operators.default_queue", "machines.workers", "workers", "workerGroups.queues"],
  (parsed, isGiven) => {
    const { machines, workers = defaultWorkers, workerGroups } = parsed;
    const given = airflowOption(parsed, "operators.default_queue");
    const hasDefaultWorkers = machines
      ? machines.some((machine) => (counted(machine).default ?? 0) > 0)
      : workers > 0 || isGiven("workerAutoscale");
    if (!given || hasDefaultWorkers) return [];
    const served = [...new Set(workerGroups.flatMap(({ queues }) => queues))];
    if (served.includes(given.value)) return [];
    const queues =
      served.length > 0 ? `a queue of a worker group: ${served.join(", ")}; or workers` : "workers";
    const message = `no worker takes tasks from it, since the default group has no workers: expected ${queues}`;
    return [{ path: given.path, message, given: given.value }];
  },
);

/** Rejects a default queue that workers cannot read, since a comma separates the queues of a worker. */
export const readableQueue = rule(["settings.operators.default_queue"], (parsed) => {
  const given = airflowOption(parsed, "operators.default_queue");
  const problem = given && queue.safeParse(given.value).error?.issues[0]?.message;
  return given ? faultAt(given.path, problem, given.value || "empty text") : [];
});

/** Keys of the broker's database beside the queues: those of Kombu, and the stack's own. */
const brokerKeys =
  /^(unacked(_index|_mutex)?$|_kombu\.|airflow-(leases|starts-given-up)$|airflow_on_celery\.)/;

/** Rejects queues that have the name of another key of the broker, which workers could not read as a list. */
export const ownQueue = rule(["workerGroups.*.queues.*"], ({ workerGroups }) =>
  workerGroups.flatMap(([at, { queues }]) =>
    queues.flatMap(([index, name]) =>
      faultAt(
        ["workerGroups", at, "queues", index],
        brokerKeys.test(name)
          ? "Redis has a key of this name for the workers: expected another name"
          : undefined,
        name,
      ),
    ),
  ),
);

/** Rejects a queue that is listed twice. */
const twice = rule(["workerGroups.*.queues.*"], ({ workerGroups }) =>
  workerGroups.flatMap(([at, { queues }]) =>
    queues
      .filter(([index, queue]) => queues.find(([, other]) => other === queue)?.[0] !== index)
      .map(([index]) => ({
        path: ["workerGroups", at, "queues", index],
        message: "expected each queue once",
      })),
  ),
);

export const queueRules = [unserved, twice];
