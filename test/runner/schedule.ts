import type { Job, Need } from "./jobs.ts";

/** A moment of a run. */
export interface Moment {
  /** Jobs that have not begun, in the order of their starts. */
  readonly waiting: readonly Job[];
  readonly running: readonly Job[];
  /** Needs that are met. */
  readonly met: ReadonlySet<Need>;
  /** Share of all cores that nobody uses, from 0 to 1, nice processes aside. */
  readonly idle: number;
}

/** Live files that run side by side, however idle the machine is: each takes about 2 GiB. */
export const most = 5;

/** Live files that run side by side, however busy the machine is: all of them wait now and then. */
export const least = 2;

/** Share of all cores that has to be idle before one more live file begins. */
const room = 0.2;

function clusterTakes({ inCluster }: Job, { waiting, running }: Moment): boolean {
  const there = running.filter((job) => job.inCluster !== "no").length;
  if (inCluster === "alone") return there === 0 && !waiting.some((job) => job.inCluster === "shared");
  return inCluster === "no" || there < 2;
}

/**
 * The job to begin next, if any. Unit tests and scanners compute, so they begin at once, one after the other, and yield to
 * the rest; live files wait more than they work, so they begin while the machine has room.
 */
export function next(moment: Moment): Job | undefined {
  const { waiting, running, met, idle } = moment;
  const live = running.filter(({ suite }) => suite === "live").length;
  const computes = running.length > live;
  const isReady = ({ needs }: Job) => needs.every((need) => met.has(need));
  // What others wait for keeps its place while what it needs is being made, which takes CPU time, too.
  const kept = waiting.findIndex((job) => job.suite === "live" && !isReady(job));
  const hasRoom = (at: number) => live < least || (live < most && idle >= room && (kept < 0 || at < kept));
  return waiting.find(
    (job, at) =>
      isReady(job) && clusterTakes(job, moment) && (job.suite === "live" ? hasRoom(at) : !computes),
  );
}
