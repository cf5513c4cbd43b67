import { readdirSync, readFileSync } from "node:fs";

// Containers on the local engine and on the lab's nodes and machines are all processes of this kernel.

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process has ended meanwhile.
    return "";
  }
}

/** Returns the seconds since the kernel booted, the clock of the ledger. */
export function uptime(): number {
  return Number(read("/proc/uptime").split(" ")[0]);
}

/** Finds the processes whose cgroup path contains a container's id, oldest first. */
export function processesOf(container: string): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const inside = pids.filter((pid) => read(`/proc/${pid}/cgroup`).includes(container));
  return inside.map(Number).sort((one, other) => startOf(one) - startOf(other) || one - other);
}

/** Reads the fields of /proc/PID/stat after the process name, which may contain spaces. */
function fields(pid: number): string[] {
  return read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
}

function startOf(pid: number): number {
  return Number(fields(pid)[19] ?? 0);
}

/** Finds process 1 of a container, whose end ends all others; undefined if there is none. */
export function mainOf(container: string): number | undefined {
  return processesOf(container).find((pid) => /^NSpid:.*\s1$/m.test(read(`/proc/${pid}/status`)));
}

/** Finds the main process of a container and its descendants, but no health checks started from outside. */
export function treeOf(container: string): readonly number[] {
  const main = mainOf(container);
  const all = processesOf(container);
  const tree = new Set(main === undefined ? [] : [main]);
  // Parents are older than their children.
  for (const pid of all) if (tree.has(Number(fields(pid)[1]))) tree.add(pid);
  return [...tree];
}

/** Reads a process's state: `R`, `S`, `T` and the like; empty if the process is gone. */
export function stateOf(pid: number): string {
  return fields(pid)[0] ?? "";
}

/** Sends a signal to each process that still exists; returns how many there were. */
export function signal(pids: readonly number[], name: NodeJS.Signals): number {
  return pids.filter((pid) => {
    try {
      return process.kill(pid, name);
    } catch {
      return false;
    }
  }).length;
}

/** Finds the directory of a process in a cgroup hierarchy of version 1, or in the only one of version 2. */
export function cgroupOf(pid: number, hierarchy: string): string {
  const lines = read(`/proc/${pid}/cgroup`).split("\n");
  const versioned = lines.find((line) => line.split(":")[1]?.split(",").includes(hierarchy));
  if (versioned) return `/sys/fs/cgroup/${hierarchy}${versioned.split(":")[2]}`;
  return `/sys/fs/cgroup${lines.find((line) => line.startsWith("0::"))?.slice(3) ?? ""}`;
}

/** Counts the kills in a process's cgroup for lack of memory. */
export function memoryKills(pid: number): number {
  const directory = cgroupOf(pid, "memory");
  const text = read(`${directory}/memory.oom_control`) || read(`${directory}/memory.events`);
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Finds the process of a container with a word in its command line; undefined if there is none. */
export function calling(container: string, word: string): number | undefined {
  return processesOf(container).find((pid) => read(`/proc/${pid}/cmdline`).includes(word));
}
