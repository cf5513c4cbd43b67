import {
  type Bounds,
  type Evidence,
  type Finding,
  keyOf,
  type Landed,
  seconds,
  type Try,
} from "./evidence.ts";
import { crowded, type Interval, mergedIntervals, outside } from "./intervals.ts";
import { beganAt, lastSeen } from "./ledger.ts";
import { pledgeOf } from "./pledges.ts";

/** Seconds for which an execution holds its slot before and after the task's code runs. */
const overheadSeconds = 3;

/** Determines the period in which a fault and its aftermath keep a deployment from working. */
function affected({ fault, from, until }: Landed): Interval {
  return { from, until: until + pledgeOf(fault).recovers };
}

const hitsWorker = ({ fault: { aim } }: Landed) => aim === "worker";

/** Lists the hosts that a deployment has removed at a time, and none has added again. */
export function removedHosts(faults: readonly Landed[], at: number): readonly string[] {
  const earlier = faults.filter(({ from }) => from <= at);
  const added = Math.max(-1, ...earlier.map((one, index) => (one.fault.kind === "scaleUp" ? index : -1)));
  return earlier.slice(added + 1).flatMap(({ removed = [] }) => removed);
}

/** Finds the periods in which no slot has to be free: all are taken, or a fault hit a role that hands out tasks. */
export function busy({ executions, faults, hosts, places }: Evidence): readonly Interval[] {
  const held = executions.map((one) => ({
    from: beganAt(one) - overheadSeconds,
    until: lastSeen(one) + overheadSeconds,
  }));
  const off = (host: string, at: number) =>
    removedHosts(faults, at).includes(host) ||
    faults.some((one) => {
      const { from, until } = affected(one);
      return one.hosts.includes(host) && from <= at && at < until;
    });
  const free = (at: number) => hosts.filter((host) => !off(host, at)).length * places;
  const control = faults.filter((one) => !hitsWorker(one)).map(affected);
  return mergedIntervals([...crowded(held, free), ...control]);
}

interface Wait extends Interval {
  /** Reason for the wait, in words. */
  readonly since: string;
}

/** Lists the waits from queueing to start, as the database records them. */
function queuedWaits(tries: readonly Try[]): Wait[] {
  return tries.flatMap((one) =>
    one.queued !== null && one.started !== null && one.queued < one.started
      ? [{ from: one.queued, until: one.started, since: `${keyOf(one)}: try ${one.try} was queued` }]
      : [],
  );
}

/** Lists the waits from the end of a task's predecessors to the task's first sign of life, all from the ledger. */
function dueWaits({ expected, executions }: Evidence): Wait[] {
  const byTask = Map.groupBy(executions, keyOf);
  return expected.flatMap((task) => {
    const firsts = (byTask.get(keyOf(task)) ?? []).map(beganAt);
    const ends = task.after.flatMap((before) =>
      (byTask.get(keyOf({ ...task, task: before })) ?? []).filter(({ how }) => how === "done").map(lastSeen),
    );
    if (firsts.length === 0 || ends.length < task.after.length) return [];
    return [
      {
        from: Math.max(task.triggered, ...ends),
        until: Math.min(...firsts),
        since: `${keyOf(task)} was due`,
      },
    ];
  });
}

/** Finds tasks that waited longer than promised while a slot was free. */
export function waits(evidence: Evidence, { wait }: Bounds): Finding[] {
  const taken = busy(evidence);
  return [...queuedWaits(evidence.tries), ...dueWaits(evidence)].flatMap(
    ({ since, ...period }): Finding[] => {
      const waited = outside(period, taken);
      if (waited <= wait) return [];
      const all = seconds(period.until - period.from);
      return [
        {
          flaw: "late",
          observed: `${since} ${seconds(period.from - evidence.began)} after the start and began ${all} later; a slot was free for ${seconds(waited)} of that, expected at most ${wait} s`,
        },
      ];
    },
  );
}
