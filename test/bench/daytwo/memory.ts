import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "../../live/targets/docker.ts";

/** Milliseconds between two looks. */
const pause = 2000;

/** Returns the MiB in a control group's `memory.stat`, of version 1 or 2, that the kernel cannot reclaim: no page cache. */
export function heldMiB(stat: string): number {
  const counts = new Map(
    stat
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  const names = counts.has("total_rss") ? ["total_rss", "total_shmem"] : ["anon", "shmem"];
  return names.reduce((sum, name) => sum + Number(counts.get(name) ?? 0), 0) / 2 ** 20;
}

/**
 * Watches the memory of containers, which need not run all the time.
 * @returns a function that ends the watch, and returns the most MiB that one of them held
 */
export function watchMemory(names: readonly string[]): () => Promise<number> {
  const read = "cat /sys/fs/cgroup/memory/memory.stat 2> /dev/null || cat /sys/fs/cgroup/memory.stat";
  let most = 0;
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      for (const name of names) {
        const stat = await docker("exec", name, "sh", "-c", read).catch(() => "");
        most = Math.max(most, heldMiB(stat));
      }
      await sleep(pause);
    }
  };
  const ended = watch();
  return async () => {
    isOver = true;
    await ended;
    return most;
  };
}
