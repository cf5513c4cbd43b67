import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/**
 * Memory of a worker that serves logs, without processes for tasks, in MiB. Measured with `docker stats` on
 * Airflow 3.3.2: 519 MiB with eight idle processes, 336 to 416 with four, 785 with eight sleeping tasks.
 */
const workerBase = 230;
/** Memory of a process for tasks (36 MiB) with a task in it that does nothing (34 MiB); real tasks need more. */
const perTask = 70;

/** @param hasMemory true if the stack gives these workers' memory, which is then reported instead of the concurrency */
function memoryFault(
  [memoryPath, concurrencyPath]: readonly [readonly PropertyKey[], readonly PropertyKey[]],
  memory: number,
  concurrency: number,
  hasMemory: boolean,
): Fault[] {
  const least = workerBase + concurrency * perTask;
  if (memory >= least) return [];
  const most = Math.floor((memory - workerBase) / perTask);
  const takes = `a worker takes ${workerBase} MiB and ${perTask} MiB for each task`;
  return hasMemory
    ? faultAt(memoryPath, `${takes}: expected at least ${least} MiB for ${concurrency} tasks at once`)
    : faultAt(
        concurrencyPath,
        `${takes}: expected at most ${most} with ${memory} MiB, or at least ${least} MiB`,
      );
}

/** Rejects workers that the engine would kill as soon as they run as many tasks as they may. */
const memory = rule(["workerMemory", "workerConcurrency"], (parsed, isGiven) =>
  memoryFault(
    [["workerMemory"], ["workerConcurrency"]],
    parsed.workerMemory,
    parsed.workerConcurrency,
    isGiven("workerMemory"),
  ),
);

const memoryOfGroups = rule(
  ["workerMemory", "workerConcurrency", "workerGroups.*.memory", "workerGroups.*.concurrency"],
  (parsed) =>
    parsed.workerGroups.flatMap(([at, group]) => {
      const { concurrency = parsed.workerConcurrency, memory = parsed.workerMemory } = group;
      // A group without its own values has those of the default group, which the other rule checks.
      if (group.concurrency === undefined && group.memory === undefined) return [];
      const paths = [
        ["workerGroups", at, "memory"],
        ["workerGroups", at, "concurrency"],
      ] as const;
      return memoryFault(paths, memory, concurrency, group.memory !== undefined);
    }),
);

export const memoryRules = [memory, memoryOfGroups];
