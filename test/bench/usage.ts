import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { docker } from "../live/targets/docker.ts";

export function secondsSince(begin: number): number {
  return (Date.now() - begin) / 1000;
}

export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

/**
 * User and system seconds of all child processes, and theirs, that have ended and been waited for.
 * @throws Error on systems without /proc
 */
export function childrenCpuSeconds(): number {
  // Fields 3 and up of proc(5), after the name, which may hold spaces; 16 and 17: cutime, cstime, in ticks.
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** CPU seconds that containers have used since their start, including health checks. */
export async function containerCpuSeconds(names: readonly string[]): Promise<number> {
  // Cgroups version 1 counts nanoseconds in a file of its own, version 2 microseconds on the first line.
  const read =
    "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2> /dev/null || sed -n 's/usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat";
  const used = await Promise.all(names.map((name) => docker("exec", name, "sh", "-c", read)));
  return used.reduce((sum, nanoseconds) => sum + Number(nanoseconds) / 1e9, 0);
}

/** MiB in use, without reclaimable page cache. */
export async function memory(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const lines = await docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", ...names);
  const factors: Readonly<Record<string, number>> = { KiB: 1 / 1024, MiB: 1, GiB: 1024 };
  const rows = lines.matchAll(/^(\S+) ([\d.]+)(\wiB) /gm);
  return new Map(
    [...rows].map(([, name = "", size, unit = ""]) => [name, Number(size) * (factors[unit] ?? 0)]),
  );
}

/** Names of the running containers that start with `prefix`. */
export async function runningContainers(prefix: string): Promise<readonly string[]> {
  const names = await docker("ps", "--filter", `name=^/${prefix}`, "--format", "{{.Names}}");
  return names.trim().split("\n").sort();
}
