import { type Evidence, type Finding, keyOf, type Landed, seconds } from "./evidence.ts";
import { commonIntervals, type Interval, mergedIntervals, total } from "./intervals.ts";
import { beganAt, type Execution } from "./ledger.ts";
import { pledgeOf } from "./pledges.ts";

/** Longest gap in seconds between two ticks of a process that was neither frozen nor delayed. */
const gap = 1.5;

/** Finds the periods in which a process ran, according to its ticks; gaps of more than `gap` are left out. */
export function activity({ moments }: Execution): readonly Interval[] {
  return mergedIntervals(
    moments.slice(1).flatMap((until, at) => {
      const from = moments[at] ?? until;
      return until - from <= gap ? [{ from, until }] : [];
    }),
  );
}

/** Determines the seconds for which the older of two executions may overlap the younger one. */
function tolerated(older: Execution, younger: Execution, faults: readonly Landed[]): number {
  const thawed = faults.filter(
    ({ hosts, from, until }) =>
      hosts.includes(older.host) && beganAt(older) < until && from < beganAt(younger),
  );
  return Math.max(0, ...thawed.map(({ fault }) => pledgeOf(fault).lingers));
}

function between(one: Execution, other: Execution, faults: readonly Landed[]): Finding[] {
  const [older, younger] = beganAt(one) <= beganAt(other) ? [one, other] : [other, one];
  const both = total(commonIntervals(activity(older), activity(younger)));
  const allowed = tolerated(older, younger, faults);
  if (both <= allowed) return [];
  const of = ({ try: number, host, pid }: Execution) => `try ${number} (${host}, process ${pid})`;
  const observed = `${keyOf(one)}: ${of(older)} and ${of(younger)} ran at the same time for ${seconds(both)}, from ${seconds(beganAt(younger))}; expected at most ${seconds(allowed)}`;
  return [{ flaw: "overlap", observed }];
}

/** Finds executions of one task that ran at the same time. */
export function overlaps({ executions, faults }: Evidence): Finding[] {
  const byTask = Map.groupBy(executions, keyOf);
  return [...byTask.values()].flatMap((of) =>
    of.flatMap((one, at) => of.slice(at + 1).flatMap((other) => between(one, other, faults))),
  );
}
