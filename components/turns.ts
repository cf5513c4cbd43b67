import type { WorkerGroup } from "../settings/model/groups.ts";
import { instances, type Turns } from "../workload.ts";

function keyOf({ queues }: WorkerGroup): string {
  return [...queues].sort().join();
}

/**
 * Lists the workers of the last deployment that may take tasks while others are replaced: none after a change of
 * Airflow's version, since the old workers cannot run the new tasks.
 * @param outputs outputs of the last deployment
 */
export function workersOf(outputs: Readonly<Record<string, unknown>>, version: string): readonly string[] {
  const { workers, version: deployed } = outputs;
  return Array.isArray(workers) && deployed === version ? workers.map(String) : [];
}

/**
 * Plans the replacement of the workers that read the same queues and stand in for each other: at most a third of
 * them at a time, but at least one.
 * @param deployed names of the existing workers
 */
export function turnsOf(
  group: WorkerGroup,
  groups: readonly WorkerGroup[],
  deployed: readonly string[],
): Turns {
  const alike = groups.filter((other) => keyOf(other) === keyOf(group));
  const all = alike.flatMap(({ name, workers }) => instances(name, { replicas: workers }));
  const existing = all.filter((worker) => deployed.includes(worker));
  return {
    key: `workers of ${keyOf(group)}`,
    atOnce: Math.max(1, Math.floor(existing.length / 3)),
    deployed: existing,
  };
}
