import {
  type Bounds,
  type Evidence,
  type Finding,
  keyOf,
  type Landed,
  seconds,
  type Try,
} from "./evidence.ts";
import { crowded, type Interval, merged, outside } from "./intervals.ts";
import { beganAt, lastSeen } from "./ledger.ts";
import { pledgeOf } from "./pledges.ts";

/** Seconds for which an execution holds its place before and after the task's own code. */
const around = 3;

/** When a fault and what follows it keep others from working. */
function affected({ fault, from, until }: Landed): Interval {
  return { from, until: until + pledgeOf(fault).recovers };
}

const hitsWorker = ({ fault: { aim } }: Landed) => aim === "worker";

/** When no place was free, as far as promises go: all taken, or what hands out tasks was hit by a fault. */
export function busy({ executions, faults, hosts, places }: Evidence): readonly Interval[] {
  const held = executions.map((one) => ({ from: beganAt(one) - around, until: lastSeen(one) + around }));
  const off = (host: string, at: number) =>
    faults.some((one) => {
      const { from, until } = affected(one);
      return one.hosts.includes(host) && from <= at && at < until;
    });
  const free = (at: number) => hosts.filter((host) => !off(host, at)).length * places;
  const control = faults.filter((one) => !hitsWorker(one)).map(affected);
  return merged([...crowded(held, free), ...control]);
}

interface Wait extends Interval {
  readonly told: string;
}

/** Between the moments that the database has of a try. */
function queuedWaits(tries: readonly Try[]): Wait[] {
  return tries.flatMap((one) =>
    one.queued !== null && one.started !== null && one.queued < one.started
      ? [{ from: one.queued, until: one.started, told: `${keyOf(one)}: try ${one.try} was queued` }]
      : [],
  );
}

/** From the end of what a task follows to its own first sign, by the ledger alone. */
function dueWaits({ expected, executions }: Evidence): Wait[] {
  const own = Map.groupBy(executions, keyOf);
  return expected.flatMap((task) => {
    const firsts = (own.get(keyOf(task)) ?? []).map(beganAt);
    const ends = task.after.flatMap((before) =>
      (own.get(keyOf({ ...task, task: before })) ?? []).filter(({ how }) => how === "done").map(lastSeen),
    );
    if (firsts.length === 0 || ends.length < task.after.length) return [];
    return [
      { from: Math.max(task.triggered, ...ends), until: Math.min(...firsts), told: `${keyOf(task)} was due` },
    ];
  });
}

/** Tasks that waited for longer than promised while there was a place for them. */
export function waits(evidence: Evidence, { wait }: Bounds): Finding[] {
  const taken = busy(evidence);
  return [...queuedWaits(evidence.tries), ...dueWaits(evidence)].flatMap(
    ({ told, ...stretch }): Finding[] => {
      const waited = outside(stretch, taken);
      if (waited <= wait) return [];
      const all = seconds(stretch.until - stretch.from);
      return [
        {
          flaw: "late",
          told: `${told} ${seconds(stretch.from - evidence.began)} after the start and began ${all} later, of which there was a place for ${seconds(waited)}; expected ${wait} s`,
        },
      ];
    },
  );
}
