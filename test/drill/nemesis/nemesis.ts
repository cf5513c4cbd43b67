import { setTimeout as sleep } from "node:timers/promises";
import type { Landed } from "../check/evidence.ts";
import { descriptionOf, type PlannedFault } from "../plan/schedule.ts";
import { acts, type Hands } from "./faults.ts";
import { uptime } from "./processes.ts";

/** Finds the hosts of the workers that a fault hits. */
async function hitBy({ aim, target }: PlannedFault, { levers }: Hands): Promise<readonly string[]> {
  if (aim === "machine") return levers.hostsOn(target);
  return aim === "worker" ? [await levers.host(target)] : [];
}

/** Carries out one fault; an error of its counts as a lack of proof. */
async function land(fault: PlannedFault, hands: Hands): Promise<Landed> {
  const hosts = await hitBy(fault, hands).catch(() => []);
  const from = uptime();
  const seen = await acts[fault.kind](fault, hands).then(
    (evidence) => ({ evidence }),
    (error: unknown) => ({ missed: error instanceof Error ? error.message : String(error) }),
  );
  return { fault, from, until: uptime(), hosts, ...seen };
}

/** Carries out faults one after the other, printing each with its evidence. */
export async function play(faults: readonly PlannedFault[], hands: Hands): Promise<readonly Landed[]> {
  const all: Landed[] = [];
  for (const fault of faults) {
    await sleep(fault.after * 1000);
    console.log(`  ${descriptionOf(fault)}`);
    const landed = await land(fault, hands);
    const took = (landed.until - landed.from).toFixed(1);
    console.log(`    took ${took} s: ${landed.evidence ?? `DID NOT HAPPEN: ${landed.missed}`}`);
    all.push(landed);
  }
  return all;
}
