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

/** Number of jobs that run side by side however busy the machine is: live tests wait half of their time. */
const fewest = 2;

/**
 * Numbers of jobs that run side by side from a share of idle cores on, by number. A further stack on a machine without
 * idle cores only adds its idle work; five stacks that start at the same time keep two cores from answering in time.
 */
const idleShares: readonly (readonly [jobs: number, share: number])[] = [
  [4, 0.35],
  [3, 0.1],
];

/** Checks whether the cluster has room for a job, beside those that run there. */
function clusterTakes({ inCluster }: Job, { waiting, running }: Moment): boolean {
  const there = running.filter((job) => job.inCluster !== "no").length;
  if (inCluster === "alone") return there === 0 && !waiting.some((job) => job.inCluster === "shared");
  return inCluster === "no" || there < 2;
}

/** Selects the next job to start, if any. Unit tests and scanners compute all the time, so they never run side by side. */
export function next(moment: Moment): Job | undefined {
  const { waiting, running, met, idle } = moment;
  const isReady = ({ needs }: Job) => needs.every((need) => met.has(need));
  const computes = running.some(({ suite }) => suite !== "live");
  // The first live job that is not ready holds one place: setting up its needs takes CPU time, too.
  const unready = waiting.findIndex((job) => job.suite === "live" && !isReady(job));
  const [places] = idleShares.find(([, share]) => idle >= share) ?? [fewest];
  return waiting.find((job, at) => {
    const isFirst = unready < 0 || at < unready;
    const isAlone = job.suite === "live" || !computes;
    return (
      running.length < (isFirst ? places : fewest) && isReady(job) && isAlone && clusterTakes(job, moment)
    );
  });
}
