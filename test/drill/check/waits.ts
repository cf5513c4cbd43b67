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

/** Seconds for which an execution holds its slot before and after the task's own code. */
const around = 3;

/** Period in which a fault and its aftermath keep others from working. */
function affected({ fault, from, until }: Landed): Interval {
  return { from, until: until + pledgeOf(fault).recovers };
}

const hitsWorker = ({ fault: { aim } }: Landed) => aim === "worker";

/** Periods in which no slot is promised to be free: all are taken, or a fault hit what hands out tasks. */
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

/** Waits from queueing to start, as the database records them. */
function queuedWaits(tries: readonly Try[]): Wait[] {
  return tries.flatMap((one) =>
    one.queued !== null && one.started !== null && one.queued < one.started
      ? [{ from: one.queued, until: one.started, told: `${keyOf(one)}: try ${one.try} was queued` }]
      : [],
  );
}

/** Waits from the end of a task's predecessors to its own first sign of life, by the ledger alone. */
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

/** Tasks that waited longer than promised while a slot was free. */
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
