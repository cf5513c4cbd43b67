import type { WorkerCount } from "./groups.ts";

/** Counts the tasks that all workers together run at once, with autoscaled groups at their maximum. */
export function slotsOf(groups: readonly Omit<WorkerCount, "group">[]): number {
  return groups.reduce(
    (sum, { workers, autoscale, concurrency }) => sum + (autoscale?.max ?? workers) * concurrency.max,
    0,
  );
}

/** Number of tasks for each scheduler that wait in the broker, so that a free place needs no loop of the scheduler to be taken. */
const waiting = 16;

/** Returns the default of `[core] parallelism`, a limit for each scheduler: more than all workers run, at least Airflow's 32. */
export function parallelismFor(slots: number, schedulers: number): number {
  return Math.max(32, Math.ceil(slots / schedulers) + waiting);
}
