import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/**
 * MiB of a worker with its log server, before any process for tasks. Measured with `docker stats` on Airflow
 * 3.3.2: 519 MiB with eight idle processes, 336 to 416 with four, 785 with eight tasks that sleep.
 */
const workerBase = 230;
/** MiB of a process for tasks, 36, and of a task in it that does nothing, 34. Real tasks need more. */
const perTask = 70;

/** @param hasMemory true if the stack gives the memory of these workers: then the fault is reported there */
function fault(
  [memoryPath, concurrencyPath]: readonly [readonly PropertyKey[], readonly PropertyKey[]],
  memory: number,
  concurrency: number,
  hasMemory: boolean,
): Fault[] {
  const least = workerBase + concurrency * perTask;
  if (memory >= least) return [];
  const most = Math.floor((memory - workerBase) / perTask);
  const takes = `a worker takes ${workerBase} MiB and ${perTask} for each task`;
  return hasMemory
    ? faultAt(memoryPath, `${takes}: expected at least ${least} for ${concurrency} at once`)
    : faultAt(
        concurrencyPath,
        `${takes}: expected at most ${most} with ${memory} MiB, or at least ${least} MiB`,
      );
}

/** Refuses workers that the engine would kill as soon as all of their places are taken. */
const memory = rule(["workerMemory", "workerConcurrency"], (parsed, isGiven) =>
  fault(
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
      // A group without values of its own has those of the default group, whose faults are reported already.
      if (group.concurrency === undefined && group.memory === undefined) return [];
      const paths = [
        ["workerGroups", at, "memory"],
        ["workerGroups", at, "concurrency"],
      ] as const;
      return fault(paths, memory, concurrency, group.memory !== undefined);
    }),
);

export const memoryRules = [memory, memoryOfGroups];
