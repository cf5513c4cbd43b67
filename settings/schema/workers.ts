import {
  cpu,
  labelName,
  labels,
  labelValue,
  list,
  memory,
  name,
  object,
  oneOf,
  queue,
  range,
  whole,
} from "./values.ts";

/** Default number of workers. */
export const defaultWorkers = 2;

export const concurrency = whole(1, 1000);

const toleration = object({
  key: labelName.describe("Key of a taint."),
  value: labelValue.optional().describe("Value of the taint; default: any."),
  effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute").describe("Effect of the taint."),
});

/** Workers that read their own queues. */
export const workerGroup = object({
  name: name.describe("Name of the group; its workers are `worker-NAME-1` and so on."),
  queues: list(queue, "queue names")
    .min(1, { error: "expected at least one queue" })
    .describe("Queues from which the group's workers take tasks."),
  workers: whole(0, 1000)
    .optional()
    .describe("Number of workers; default: 1, unless `machines` counts them."),
  concurrency: concurrency.optional().describe("Instead of `workerConcurrency`."),
  minConcurrency: concurrency.optional().describe("Instead of `workerMinConcurrency`."),
  memory: memory.optional().describe("MiB, instead of `workerMemory`."),
  cpu: cpu.optional().describe("Cores, instead of `workerCpu`."),
  triggerers: whole(1, 10)
    .optional()
    .describe(
      "Number of triggerers of the group's own, `triggerer-NAME-1` and so on, for tasks that its workers defer; default: none, the stack's triggerers have those.",
    ),
  machine: name.optional().describe("Name in `machines` of the machine that runs all workers of the group."),
  nodeLabels: labels.optional().describe("On Kubernetes: labels of the nodes that the workers may run on."),
  tolerations: list(toleration, "tolerations")
    .optional()
    .describe("On Kubernetes: taints that the workers tolerate."),
  autoscale: range
    .optional()
    .describe(
      "On Kubernetes, instead of `workers`: as many workers as queued and running tasks of its queues need, `{ min, max }`.",
    ),
});
