import { readFileSync } from "node:fs";

/** A process of this machine, for a note that outlives it. */
export interface OwnerProcess {
  readonly pid: number;
  /** Boot of the machine, and ticks from it to the start of the process; missing where there is no /proc. */
  readonly started?: string;
}

/** Ticks of /proc in a second, the same on every Linux. */
const ticksPerSecond = 100;

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Returns the ticks from the boot to the start of a process; undefined without such a process, or without /proc. */
function ticksOf(pid: number): number | undefined {
  // The name before the other fields may have spaces and brackets.
  const ticks = read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[19];
  return ticks === undefined ? undefined : Number(ticks);
}

function startOf(pid: number): string | undefined {
  const ticks = ticksOf(pid);
  return ticks === undefined ? undefined : `${read("/proc/sys/kernel/random/boot_id")} ${ticks}`;
}

/** Returns this process, for a note. */
export function thisProcess(): OwnerProcess {
  const { pid } = process;
  const started = startOf(pid);
  return { pid, ...(started !== undefined && { started }) };
}

/** True if a process of this machine has a number. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process of another user is alive, though no signal may be sent to it.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** True if the process of a note runs, not another one that got its number later. */
export function isRunning({ pid, started }: OwnerProcess): boolean {
  if (!isAlive(pid)) return false;
  const present = startOf(pid);
  return started === undefined || present === undefined || present === started;
}

/**
 * True if the CLI that wrote a lock runs. Another process may have its number by now: one of another name that started
 * after the lock. The name decides, too, because a change of the machine's clock makes a start look later.
 * @param timestamp time of the lock, in ISO 8601
 */
export function holdsLock(pid: number, timestamp: string | undefined): boolean {
  if (!isAlive(pid)) return false;
  const ticks = ticksOf(pid);
  const uptime = read("/proc/uptime");
  if (ticks === undefined || uptime === undefined || timestamp === undefined) return true;
  const start = Date.now() - (Number(uptime.split(" ")[0]) - ticks / ticksPerSecond) * 1000;
  return start <= Date.parse(timestamp) || read(`/proc/${pid}/comm`) === "pulumi";
}
