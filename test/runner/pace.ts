import { cpus } from "node:os";

/** CPU milliseconds of all cores since the start of the machine. */
export interface Times {
  readonly busy: number;
  /** Of processes that yield to all others. */
  readonly nice: number;
  readonly idle: number;
}

export function times(): Times {
  const sum = { busy: 0, nice: 0, idle: 0 };
  for (const { times } of cpus()) {
    sum.busy += times.user + times.sys + times.irq;
    sum.nice += times.nice;
    sum.idle += times.idle;
  }
  return sum;
}

/** Share of all cores, from 0 to 1, that was free between two moments: idle, or used by what yields. */
export function freeBetween(before: Times, after: Times): number {
  const busy = after.busy - before.busy;
  const free = after.idle + after.nice - before.idle - before.nice;
  return busy + free === 0 ? 0 : free / (busy + free);
}
