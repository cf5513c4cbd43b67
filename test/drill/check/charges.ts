import { type Evidence, type Finding, keyOf, type Landed, seconds, type Try } from "./evidence.ts";
import { beganAt, type Execution, lastSeen } from "./ledger.ts";
import { mayCost } from "./pledges.ts";

/** Seconds between the beginning of an attempt for the database and that of the task's own code, and at the end. */
const margin = 5;

export const tryOf = (one: Pick<Try, "dag" | "run" | "task" | "map" | "try">) => `${keyOf(one)} ${one.try}`;

/** A try that ended without success, with what is known of it. */
export interface Charged {
  readonly of: Try;
  readonly executions: readonly Execution[];
  /** The faults that may have ended it. */
  readonly by: readonly Landed[];
}

/** Whether a try was going on, or about to begin, on a host when a fault was. */
function wasHit(of: Try, executions: readonly Execution[], fault: Landed): boolean {
  const { host, started } = of;
  // On machines the database has the name of a worker group, the ledger that of the worker.
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

/** All tries that ended without success, but for those that the workload wants to. */
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
