import { type Charged, chargedTries } from "./charges.ts";
import { type Bounds, type Evidence, type Finding, keyOf, type Landed, seconds } from "./evidence.ts";
import { outside } from "./intervals.ts";
import { beganAt } from "./ledger.ts";
import { busy } from "./waits.ts";

/** How long it took to get over a fault. */
export interface Recovery {
  readonly landed: Landed;
  /** From its end to the first start of a task after it, in seconds; nothing, if none was left to start. */
  readonly serves?: number;
  /** From its begin to the last start of what it had ended. */
  readonly again?: number;
}

/** When a task ran again after a try of it was given up. */
function nextStart({ executions }: Evidence, { of }: Charged): number | undefined {
  const later = executions.filter((one) => keyOf(one) === keyOf(of) && one.try > of.try).map(beganAt);
  return later.length > 0 ? Math.min(...later) : undefined;
}

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

/** Tasks of a killed worker that ran again later than promised, although there was a place for them. */
export function slow(evidence: Evidence, { again }: Bounds): Finding[] {
  const taken = busy(evidence);
  return chargedTries(evidence).flatMap((one): Finding[] => {
    const [landed] = one.by;
    const next = nextStart(evidence, one);
    // A machine takes its time to come back, and a worker that was frozen for a while was not dead from the beginning.
    if (!landed || next === undefined || !["kill", "dead"].includes(landed.fault.kind)) return [];
    const waited = outside({ from: landed.from, until: next }, taken);
    if (waited <= again) return [];
    const told = `${keyOf(one.of)}: lost by ${landed.fault.kind} of ${landed.fault.target}, ran again ${seconds(next - landed.from)} later, of which there was a place for ${seconds(waited)}; expected ${again} s`;
    return [{ flaw: "slow", told }];
  });
}
