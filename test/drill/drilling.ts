import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "../../tools/process.ts";
import { chargedTries } from "./check/charges.ts";
import { check } from "./check/check.ts";
import type { Evidence, Finding } from "./check/evidence.ts";
import { recoveries } from "./check/recovery.ts";
import type { Deployment } from "./deployments/deployment.ts";
import { collect, unfinished } from "./evidence.ts";
import { play } from "./nemesis/nemesis.ts";
import { uptime } from "./nemesis/processes.ts";
import type { Fault } from "./plan/schedule.ts";
import { hasMapped, workloadOf } from "./plan/workload.ts";
import type { FaultResult, Result } from "./results/results.ts";

/** Seconds after the last fault within which all tasks have to end. */
const patience = 240;

/** Seconds after that in which a process that should be dead shows itself. */
const aftermath = 3;

/** Asks again until the webserver answers, as a client does. */
function insists<T>(what: string, ask: () => Promise<T>): Promise<T> {
  return waitFor(what, 180, () => ask().catch(() => undefined), 1);
}

/** Starts a run of each DAG of the workload, by the same name. */
async function trigger({ api }: Deployment, run: string, mapped: boolean): Promise<void> {
  const dags = ["drill", ...(mapped ? ["drill_mapped"] : [])];
  for (const dag of dags) {
    await insists(`${dag} to be read`, () => api.call(`/dags/${dag}`));
    await api.call(`/dags/${dag}`, "PATCH", { is_paused: false });
    await api.call(`/dags/${dag}/dagRuns`, "POST", { dag_run_id: run, logical_date: null });
  }
}

/** Waits for the end of all tasks; what has not ended then is the checker's affair, and ended by force. */
async function settle(deployment: Deployment, run: string, mapped: boolean): Promise<void> {
  const done = async () => ((await unfinished(deployment, run).catch(() => 1)) === 0 ? true : undefined);
  await waitFor("all tasks to end", mapped ? patience * 2 : patience, done, 2).catch(() => {});
  await sleep(aftermath * 1000);
}

async function endByForce({ api }: Deployment, run: string): Promise<void> {
  const path = `/dags/drill/dagRuns/${run}`;
  const ended = await api.call<{ state: string }>(path);
  if (ended?.state === "running") await api.call(path, "PATCH", { state: "failed" });
}

function faultResults(evidence: Evidence): FaultResult[] {
  const charged = chargedTries(evidence);
  return recoveries(evidence).map(({ landed, serves, again }) => {
    const { fault, evidence: seen } = landed;
    const recovery = again ?? serves;
    return {
      kind: fault.kind,
      target: fault.peer === undefined ? fault.target : `${fault.target} from ${fault.peer}`,
      seconds: fault.seconds,
      ...(seen !== undefined && { evidence: seen }),
      cost: charged.filter(({ by }) => by[0] === landed).length,
      ...(recovery !== undefined && { recovery: Math.round(recovery * 10) / 10 }),
    };
  });
}

/** Runs a schedule on a deployment that is there, and checks what it leaves. */
export async function drill(
  deployment: Deployment,
  seed: number,
  faults: readonly Fault[],
  mapped = hasMapped(seed),
): Promise<Result> {
  await deployment.ready();
  const run = `drill-${seed}-${Date.now().toString(36)}`;
  await trigger(deployment, run, mapped);
  const began = uptime();
  const landed = await play(faults, began, deployment);
  await settle(deployment, run, mapped);
  const evidence = await collect(deployment, run, workloadOf(mapped), began, landed);
  await endByForce(deployment, run).catch(() => {});
  const findings: readonly Finding[] = check(evidence);
  return {
    subject: deployment.subject,
    seed,
    date: new Date().toISOString(),
    seconds: Math.round(uptime() - began),
    tasks: evidence.expected.length,
    attempts: evidence.executions.length,
    faults: faultResults(evidence),
    findings,
  };
}
