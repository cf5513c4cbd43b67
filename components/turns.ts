import type { WorkerGroup } from "../settings/model/groups.ts";
import { instances, type Turns } from "../workload.ts";

function keyOf({ queues }: WorkerGroup): string {
  return [...queues].sort().join();
}

/**
 * Workers that the last deployment left, and that may go on taking tasks while others are replaced: tasks of another version of
 * Airflow are not for them.
 * @param outputs of the last deployment
 */
export function workersOf(outputs: Readonly<Record<string, unknown>>, version: string): readonly string[] {
  const { workers, version: deployed } = outputs;
  return Array.isArray(workers) && deployed === version ? workers.map(String) : [];
}

/**
 * Workers of the same queues stand in for each other: at most a third of them is replaced at a time, at least one.
 * @param deployed names of the workers that there are
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
