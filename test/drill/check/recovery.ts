import { type Charged, chargedTries } from "./charges.ts";
import { type Bounds, type Evidence, type Finding, keyOf, type Landed, seconds } from "./evidence.ts";
import { outside } from "./intervals.ts";
import { beganAt } from "./ledger.ts";
import { busy } from "./waits.ts";

/** Time that the recovery from a fault took. */
export interface Recovery {
  readonly landed: Landed;
  /** Seconds from the fault's end to the next start of a task; undefined if no task started after it. */
  readonly serves?: number;
  /** Seconds from the fault's start until the last task that it ended runs again. */
  readonly again?: number;
}

/** Finds the time at which a task started next after a failed try. */
function nextStart({ executions }: Evidence, { of }: Charged): number | undefined {
  const later = executions.filter((one) => keyOf(one) === keyOf(of) && one.try > of.try).map(beganAt);
  return later.length > 0 ? Math.min(...later) : undefined;
}

/** Measures the recovery from each fault. */
export function recoveries(evidence: Evidence): readonly Recovery[] {
  const charged = chargedTries(evidence);
  return evidence.faults.map((landed) => {
    const starts = evidence.executions.map(beganAt);
    const after = starts.filter((at) => at >= landed.until);
    const lost = charged.filter(({ by }) => by[0] === landed);
    const again = lost.flatMap((one) => nextStart(evidence, one) ?? []);
    return {
      landed,
      ...(after.length > 0 && { serves: Math.min(...after) - landed.until }),
      ...(again.length > 0 && { again: Math.max(...again) - landed.from }),
    };
  });
}

/** Finds tasks of a killed worker that ran again later than promised although a slot was free. */
export function slow(evidence: Evidence, { again }: Bounds): Finding[] {
  const taken = busy(evidence);
  return chargedTries(evidence).flatMap((one): Finding[] => {
    const [landed] = one.by;
    const next = nextStart(evidence, one);
    // Kills only: a machine takes time to boot, and a frozen worker is not dead from the start.
    if (!landed || next === undefined || !["kill", "dead"].includes(landed.fault.kind)) return [];
    const waited = outside({ from: landed.from, until: next }, taken);
    if (waited <= again) return [];
    const observed = `${keyOf(one.of)}: ended by ${landed.fault.kind} of ${landed.fault.target}, ran again ${seconds(next - landed.from)} later; a slot was free for ${seconds(waited)} of that, expected at most ${again} s`;
    return [{ flaw: "slow", observed }];
  });
}
