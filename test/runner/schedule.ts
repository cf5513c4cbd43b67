import type { Job, Need } from "./jobs.ts";

/** State of a run at one moment. */
export interface Moment {
  /** Jobs that have not started, in start order. */
  readonly waiting: readonly Job[];
  readonly running: readonly Job[];
  readonly met: ReadonlySet<Need>;
  /** Share of all cores that is idle, from 0 to 1. */
  readonly idle: number;
}

/** Jobs that run side by side however busy the machine is: live tests wait half of their time. */
const least = 3;

/**
 * Jobs that run side by side at most: five stacks that start at once keep two cores from answering in time.
 */
const most = 4;

/** Share of all cores that must be idle before more than `least` jobs run. */
const room = 0.35;

function clusterTakes({ inCluster }: Job, { waiting, running }: Moment): boolean {
  const there = running.filter((job) => job.inCluster !== "no").length;
  if (inCluster === "alone") return there === 0 && !waiting.some((job) => job.inCluster === "shared");
  return inCluster === "no" || there < 2;
}

/**
 * Next job to start, if any. Unit tests and scanners compute all the time, so they never run side by side.
 */
export function next(moment: Moment): Job | undefined {
  const { waiting, running, met, idle } = moment;
  const isReady = ({ needs }: Job) => needs.every((need) => met.has(need));
  const computes = running.some(({ suite }) => suite !== "live");
  // The first live job that is not ready keeps its place: setting up its needs takes CPU time, too.
  const kept = waiting.findIndex((job) => job.suite === "live" && !isReady(job));
  return waiting.find((job, at) => {
    const isFirst = kept < 0 || at < kept;
    const places = !isFirst ? least - 1 : idle >= room ? most : least;
    const isAlone = job.suite === "live" || !computes;
    return running.length < places && isReady(job) && isAlone && clusterTakes(job, moment);
  });
}
