import {
  cpu,
  labels,
  list,
  memory,
  name,
  object,
  oneOf,
  queue,
  range,
  scalar,
  text,
  whole,
} from "./values.ts";

/** Number of workers of a stack that gives none. */
export const defaultWorkers = 2;

export const concurrency = whole(1, 1000);

const toleration = object({
  key: text.describe("Key of a taint."),
  value: scalar.optional().describe("Value of the taint; without it any."),
  effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute").describe("Effect of the taint."),
});

/** Workers with queues of their own. */
export const workerGroup = object({
  name: name.describe("Its workers are `worker-NAME-1` and so on."),
  queues: list(queue, "queue names")
    .min(1, { error: "expected at least one queue" })
    .describe("Queues that they take tasks from."),
  workers: whole(0, 1000).optional().describe("How many; 1, unless `machines` counts them."),
  concurrency: concurrency.optional().describe("Instead of `workerConcurrency`."),
  minConcurrency: concurrency.optional().describe("Instead of `workerMinConcurrency`."),
  memory: memory.optional().describe("MiB, instead of `workerMemory`."),
  cpu: cpu.optional().describe("Cores, instead of `workerCpu`."),
  machine: name.optional().describe("Name in `machines` where all of them run."),
  nodeLabels: labels.optional().describe("On Kubernetes: labels of nodes that they may run on."),
  tolerations: list(toleration, "tolerations")
    .optional()
    .describe("On Kubernetes: taints that keep them from no node."),
  autoscale: range
    .optional()
    .describe(
      "On Kubernetes, instead of `workers`: `{ min, max }`, by the tasks of the queues, queued and running.",
    ),
});
