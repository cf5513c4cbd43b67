import { cpus } from "node:os";

/** CPU time of all cores since the machine started, in milliseconds. */
export interface Times {
  readonly busy: number;
  readonly idle: number;
}

/** Reads the CPU time used so far. */
export function times(): Times {
  const sum = { busy: 0, idle: 0 };
  for (const { times } of cpus()) {
    sum.busy += times.user + times.nice + times.sys + times.irq;
    sum.idle += times.idle;
  }
  return sum;
}

/** Computes the share of all cores, from 0 to 1, that was idle between two samples. */
export function idleBetween(before: Times, after: Times): number {
  const [busy, idle] = [after.busy - before.busy, after.idle - before.idle];
  return busy + idle === 0 ? 0 : idle / (busy + idle);
}
