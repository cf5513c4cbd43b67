import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

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
