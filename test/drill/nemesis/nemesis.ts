import { setTimeout as sleep } from "node:timers/promises";
import type { Landed } from "../check/evidence.ts";
import type { Deployment } from "../deployments/deployment.ts";
import { descriptionOf, type PlannedFault } from "../plan/schedule.ts";
import { acts, type Hands } from "./faults.ts";
import { uptime } from "./processes.ts";

/** Part of a deployment that faults need. */
type Played = Hands & Pick<Deployment, "layout">;

/** Finds the hosts of the workers that a fault hits. */
async function hitBy({ aim, target }: PlannedFault, { levers }: Hands): Promise<readonly string[]> {
  if (aim === "machine") return levers.hostsOn(target);
  return aim === "worker" ? [await levers.host(target)] : [];
}

/** Finds the hosts of the workers that exist. */
async function hostsOf({ layout, levers }: Played): Promise<readonly string[]> {
  const found = layout.worker.map((name) => levers.host(name).catch(() => []));
  return (await Promise.all(found)).flat();
}

/** Carries out one fault; an error of its counts as a lack of proof. */
async function land(fault: PlannedFault, hands: Played): Promise<Landed> {
  const hosts = await hitBy(fault, hands).catch(() => []);
  const before = fault.kind === "scaleDown" ? await hostsOf(hands) : [];
  const from = uptime();
  const seen = await acts[fault.kind](fault, hands).then(
    (evidence) => ({ evidence }),
    (error: unknown) => ({ missed: error instanceof Error ? error.message : String(error) }),
  );
  const until = uptime();
  const after = fault.kind === "scaleDown" ? await hostsOf(hands) : [];
  const removed = before.filter((host) => !after.includes(host));
  return { fault, from, until, hosts, ...(removed.length > 0 && { removed }), ...seen };
}

/** Carries out faults one after the other, printing each with its evidence. */
export async function play(faults: readonly PlannedFault[], hands: Played): Promise<readonly Landed[]> {
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
