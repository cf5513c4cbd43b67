import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Levers } from "./levers.ts";
import { calling, mainOf, memoryKills, processesOf, signal, stateOf } from "./processes.ts";

/** Mark in the program's text, and so in its command line, by which its process is found. */
const mark = "drill-takes-memory";

/** Program that waits 2 s for `prefer`, then takes 16 MiB every 20 ms, for 10 s at most. */
const program = `# ${mark}
import time
time.sleep(2)
taken = []
for _ in range(500):
    try:
        taken.append(b"x" * 2**24)
    except MemoryError:
        pass
    time.sleep(0.02)
`;

/** Makes the kernel prefer to kill these processes when memory runs out (1000), or not (0). */
function prefer(pids: readonly number[], score: 0 | 1000): void {
  for (const pid of pids) {
    try {
      writeFileSync(`/proc/${pid}/oom_score_adj`, String(score));
    } catch {
      // The process has ended meanwhile.
    }
  }
}

/** Watches until the kernel kills a process or the program ends; returns the number of kills. */
async function watch(container: string, main: number, isOver: () => boolean): Promise<number> {
  const before = memoryKills(main);
  let kills = 0;
  let taker: number | undefined;
  while (!isOver() && kills === 0) {
    taker ??= calling(container, mark);
    // Without this, the kernel would kill the process with the most memory: the program.
    prefer(taker === undefined ? [] : processesOf(container).filter((pid) => pid !== taker), 1000);
    await sleep(100);
    kills = memoryKills(main) - before;
  }
  // Kills the program early: the kernel would go on to kill all processes, which is another fault.
  if (taker !== undefined) signal([taker], "SIGKILL");
  prefer(processesOf(container), 0);
  return Math.max(kills, memoryKills(main) - before);
}

/** True if a process ends within 5 s. */
async function isGone(pid: number): Promise<boolean> {
  for (let looks = 0; looks < 50; looks++) {
    if (stateOf(pid) === "") return true;
    await sleep(100);
  }
  return false;
}

/**
 * Exhausts the memory of an instance until the kernel kills its processes.
 * @returns number of kills, in words
 */
export async function exhaustMemory(levers: Levers, instance: string): Promise<string> {
  const container = await levers.container(instance);
  const main = mainOf(container);
  if (main === undefined) throw new Error(`${instance} has no main process; expected a running container`);
  let isOver = false;
  const taking = levers
    .exec(instance, "python", "-c", program)
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  const kills = await watch(container, main, () => isOver);
  await taking;
  // The kernel's count vanishes with a container whose main process it killed; the process may take a moment to be gone.
  if (kills <= 0 && (await isGone(main))) return "the kernel killed 1 of its processes";
  if (kills <= 0) throw new Error(`the kernel killed no process of ${instance}`);
  return `the kernel killed ${kills} of its processes`;
}
