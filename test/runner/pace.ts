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

/** Idle share of all cores from which on a second counts in full. */
const calm = 0.3;

/** Share of a second that counts on a machine without idle cores: what is awaited then takes about four times as long. */
const least = 0.25;

/**
 * Starts a clock that slows down as the machine gets busy, for limits that end a hang and not a slow start.
 * @returns function that reads the clock, in seconds
 */
export function calmSeconds(sample: () => Times = times, now: () => number = Date.now): () => number {
  let [before, at, sum] = [sample(), now(), 0];
  return () => {
    const [after, to] = [sample(), now()];
    const share = Math.min(1, Math.max(least, idleBetween(before, after) / calm));
    sum += (share * (to - at)) / 1000;
    [before, at] = [after, to];
    return sum;
  };
}
