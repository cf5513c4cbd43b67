import { type Evidence, type Finding, keyOf, type Landed, seconds, type Try } from "./evidence.ts";
import { beganAt, type Execution, lastSeen } from "./ledger.ts";
import { mayCost } from "./pledges.ts";

/** Seconds by which the database's start and end of an attempt may differ from the task's own. */
const margin = 5;

export const tryOf = (one: Pick<Try, "dag" | "run" | "task" | "map" | "try">) => `${keyOf(one)} ${one.try}`;

/** Try that ended without success, with the evidence about it. */
export interface Charged {
  readonly of: Try;
  readonly executions: readonly Execution[];
  /** Faults that may have ended it. */
  readonly by: readonly Landed[];
}

/** True if a try was running, or about to start, on a host that a fault hit at the time. */
function wasHit(of: Try, executions: readonly Execution[], fault: Landed): boolean {
  const { host, started } = of;
  // On machines the database records the worker group, the ledger the worker.
  const named = host ? fault.hosts.filter((one) => one === host || one.startsWith(`${host}-`)) : [];
  const places = [
    ...executions.map((one) => ({ host: one.host, from: beganAt(one), until: lastSeen(one) })),
    ...(started === null
      ? []
      : named.map((one) => ({ host: one, from: started, until: of.ended ?? started }))),
  ];
  return places.some(
    (one) => mayCost(fault, one.host) && one.from - margin < fault.until && fault.from < one.until + margin,
  );
}

/** All tries that ended without success, except those that the workload fails on purpose. */
export function chargedTries({ tries, executions, faults }: Evidence): readonly Charged[] {
  const byTry = Map.groupBy(executions, tryOf);
  return tries
    .filter(({ current, state }) => !current || state === "failed")
    .map((of) => {
      const own = byTry.get(tryOf(of)) ?? [];
      return { of, executions: own, by: faults.filter((fault) => wasHit(of, own, fault)) };
    })
    .filter(({ executions: own }) => !own.some(({ how }) => how === "planned"));
}

function told({ of, executions }: Charged, began: number): string {
  const last = executions.at(-1);
  const when = (at: number | null | undefined) =>
    at === null || at === undefined ? "never" : seconds(at - began);
  const ledger = last ? `last seen ${when(lastSeen(last))}, ${last.how ?? "killed"}` : "without having begun";
  return `${keyOf(of)}: try ${of.try} on ${of.host || "no worker"} was given up ${when(of.ended)} (queued ${when(of.queued)}, started ${when(of.started)}; in the ledger ${ledger}), and no fault may have cost it`;
}

/** Tries that were charged although no fault may have ended them. */
export function charges(evidence: Evidence): Finding[] {
  return chargedTries(evidence)
    .filter(({ by }) => by.length === 0)
    .map((one) => ({ flaw: "charged", told: told(one, evidence.began) }));
}
