import type { WorkerGroup } from "../settings/model/groups.ts";
import { instances, type Turns } from "../workload.ts";

function keyOf({ queues }: WorkerGroup): string {
  return [...queues].sort().join();
}

/**
 * Lists the workers of the last deployment that may go on taking tasks while others are replaced: none of
 * another version of Airflow, whose workers cannot run the new tasks.
 * @param outputs outputs of the last deployment
 */
export function workersOf(outputs: Readonly<Record<string, unknown>>, version: string): readonly string[] {
  const { workers, version: deployed } = outputs;
  return Array.isArray(workers) && deployed === version ? workers.map(String) : [];
}

/**
 * Plans the replacement of workers of the same queues, which stand in for each other: at most a third of them
 * at a time, but at least one.
 * @param deployed names of the existing workers
 */
export function turnsOf(
  group: WorkerGroup,
  groups: readonly WorkerGroup[],
  deployed: readonly string[],
): Turns {
  const alike = groups.filter((other) => keyOf(other) === keyOf(group));
  const all = alike.flatMap(({ name, workers }) => instances(name, { replicas: workers }));
  const standing = all.filter((worker) => deployed.includes(worker));
  return {
    key: `workers of ${keyOf(group)}`,
    atOnce: Math.max(1, Math.floor(standing.length / 3)),
    deployed: standing,
  };
}
