import { type Evidence, type Finding, keyOf, type Landed, seconds, type Try } from "./evidence.ts";
import { beganAt, type Execution, lastSeen } from "./ledger.ts";
import { mayCost } from "./pledges.ts";

/** Seconds by which the database's start and end of a try may differ from the ledger's. */
const margin = 5;

/** Key of a try: its task's key and its number. */
export const tryOf = (one: Pick<Try, "dag" | "run" | "task" | "map" | "try">) => `${keyOf(one)} ${one.try}`;

/** Try that ended without success, with the executions and faults that may explain its end. */
export interface Charged {
  readonly of: Try;
  readonly executions: readonly Execution[];
  /** Faults that may have ended the try. */
  readonly by: readonly Landed[];
}

/** Checks whether a try was running, or about to start, on a host that a fault hit at the time. */
function wasHit(of: Try, executions: readonly Execution[], fault: Landed): boolean {
  const { host, started } = of;
  // The ledger records the worker; the database its group on machines, and its whole domain in a cluster.
  const recorded = host?.split(".")[0];
  const named = recorded
    ? fault.hosts.filter((one) => one === recorded || one.startsWith(`${recorded}-`))
    : [];
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

/** Lists the tries that ended without success, except those that the workload fails on purpose. */
export function chargedTries({ tries, executions, faults }: Evidence): readonly Charged[] {
  const byTry = Map.groupBy(executions, tryOf);
  return tries
    .filter(({ current, state }) => !current || state === "failed")
    .map((of) => {
      const executionsOf = byTry.get(tryOf(of)) ?? [];
      return { of, executions: executionsOf, by: faults.filter((fault) => wasHit(of, executionsOf, fault)) };
    })
    .filter((charged) => !charged.executions.some(({ how }) => how === "planned"));
}

function observationOf({ of, executions }: Charged, began: number): string {
  const last = executions.at(-1);
  const when = (at: number | null | undefined) =>
    at === null || at === undefined ? "never" : seconds(at - began);
  const ledger = last ? `last seen ${when(lastSeen(last))}, ${last.how ?? "killed"}` : "never started";
  return `${keyOf(of)}: try ${of.try} on ${of.host || "no worker"} was given up ${when(of.ended)} (queued ${when(of.queued)}, started ${when(of.started)}; in the ledger ${ledger}), although no fault was allowed to end it`;
}

/** Finds tries that count as failed although no fault may have ended them. */
export function charges(evidence: Evidence): Finding[] {
  return chargedTries(evidence)
    .filter(({ by }) => by.length === 0)
    .map((one) => ({ flaw: "charged", observed: observationOf(one, evidence.began) }));
}
