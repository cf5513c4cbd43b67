import { sumOf } from "../../../settings/model/sizes.ts";
import type { TaskFacts } from "./facts.ts";

/** Load of a queue. */
export interface QueueFacts {
  readonly name: string;
  /** Tasks that wait in the queue. */
  readonly length: number;
  /** Seconds that the oldest waiting task has waited; null if no task waits. */
  readonly oldestSeconds: number | null;
  /** Workers that read the queue. */
  readonly consumers: number;
  /** Running tasks from the queue. */
  readonly running: number;
  /** Slots of the queue's workers, and those that are taken, also by tasks from other queues. */
  readonly places: number;
  readonly busy: number;
  /** True if tasks wait, and no worker reads the queue or is expected to start. */
  readonly unread: boolean;
}

/** Compares names for sorting, with numbers by their value. */
export const { compare } = new Intl.Collator("en", { numeric: true });

/** Lists the queues that hold tasks or that workers read, in order. */
export function queueFacts(
  tasks: TaskFacts,
  oldest: Readonly<Record<string, number | null>>,
  unread: readonly string[],
): QueueFacts[] {
  if ("cause" in tasks) return [];
  const workers = Object.values(tasks.workers).filter((worker) => worker !== null);
  const names = new Set([
    ...Object.keys(tasks.queued),
    ...workers.flatMap(({ queues, running }) => [...queues, ...Object.keys(running)]),
  ]);
  return [...names].toSorted(compare).map((name) => {
    const readers = workers.filter(({ queues }) => queues.includes(name));
    const age = oldest[name];
    return {
      name,
      length: tasks.queued[name] ?? 0,
      oldestSeconds: age === undefined || age === null ? null : Math.round(age),
      consumers: readers.length,
      running: sumOf(workers.map(({ running }) => running[name] ?? 0)),
      places: sumOf(readers.map(({ places }) => places)),
      busy: sumOf(readers.map(({ running }) => sumOf(Object.values(running)))),
      unread: unread.includes(name),
    };
  });
}
