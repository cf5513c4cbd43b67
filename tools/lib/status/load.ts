import type { TaskFacts } from "./facts.ts";

/** Load of a queue. */
export interface QueueFacts {
  readonly name: string;
  /** Tasks that wait in it. */
  readonly length: number;
  /** Seconds for which the oldest of these has waited; null if none does. */
  readonly oldestSeconds: number | null;
  /** Workers that read it. */
  readonly consumers: number;
  /** Tasks from it that run. */
  readonly running: number;
  /** Places of its workers, and how many of these are taken, by tasks from other queues of theirs, too. */
  readonly places: number;
  readonly busy: number;
  /** True if tasks wait, and no worker reads it or is to come. */
  readonly unread: boolean;
}

const { compare } = new Intl.Collator("en", { numeric: true });

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

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
      running: sum(workers.map(({ running }) => running[name] ?? 0)),
      places: sum(readers.map(({ places }) => places)),
      busy: sum(readers.map(({ running }) => sum(Object.values(running)))),
      unread: unread.includes(name),
    };
  });
}
