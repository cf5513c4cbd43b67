import type { WorkerGroup } from "./groups.ts";

/** Tasks that all workers together run at once, when those that may grow have grown. */
export function slotsOf(groups: readonly WorkerGroup[]): number {
  return groups.reduce(
    (sum, { workers, autoscale, concurrency }) => sum + (autoscale?.max ?? workers) * concurrency.max,
    0,
  );
}

/**
 * `[core] parallelism`, which is for each scheduler: enough for all workers.
 * Airflow's own default, 32, is the least.
 */
export function parallelismFor(slots: number, schedulers: number): number {
  return Math.max(32, Math.ceil(slots / schedulers));
}
