import { type Kind, kinds, type Pledge } from "../plan/kinds.ts";
import type { PlannedFault } from "../plan/schedule.ts";
import type { Landed } from "./evidence.ts";

export function pledgeOf({ kind, aim, peer }: Pick<PlannedFault, "kind" | "aim" | "peer">): Pledge {
  const { pledge }: Kind = kinds[kind];
  return pledge(aim, peer);
}

/** Checks whether a fault may have ended the tasks that ran on a host. */
export function mayCost({ fault, from, until, hosts }: Landed, host: string): boolean {
  const { costs, spares } = pledgeOf(fault);
  if (costs === "nobody" || (spares > 0 && until - from <= spares)) return false;
  return hosts.includes(host);
}
