import { setTimeout as sleep } from "node:timers/promises";
import { run, waitFor } from "../../tools/lib/process.ts";
import { chargedTries } from "./check/charges.ts";
import { check } from "./check/check.ts";
import type { Evidence, Finding } from "./check/evidence.ts";
import { recoveries } from "./check/recovery.ts";
import { removedHosts } from "./check/waits.ts";
import type { Deployment } from "./deployments/deployment.ts";
import { collect, unfinished } from "./evidence.ts";
import { play } from "./nemesis/nemesis.ts";
import { uptime } from "./nemesis/processes.ts";
import { lengthOf, type PlannedFault } from "./plan/schedule.ts";
import { dagsOf, type ExpectedTask, hasMapped, workloadOf } from "./plan/workload.ts";
import type { FaultResult, Result } from "./results/results.ts";

/** Seconds after the last fault within which all tasks must end. */
const settleSeconds = 240;

/** Further seconds in which a process that should be dead would still write to the ledger. */
const aftermathSeconds = 3;

/** Seconds between the starts of two runs: the tasks of a run take about as long. */
const runSeconds = 70;

/** Retries a call each second for up to 300 s, like a client of a webserver that may be away. */
function retried<T>(what: string, call: () => Promise<T>): Promise<T> {
  return waitFor(what, 300, () => call().catch(() => undefined), 1);
}

/** Starts one run of each DAG; before each try, looks whether the run exists, as an answer may get lost. */
async function trigger({ api }: Deployment, name: string, mapped: boolean): Promise<void> {
  for (const dag of dagsOf(mapped)) {
    const path = `/dags/${dag}/dagRuns`;
    await retried(`${dag} to be triggered`, async () => {
      if (await api.call(`${path}/${name}`)) return true;
      await api.call(`/dags/${dag}`, "PATCH", { is_paused: false });
      return api.call(path, "POST", { dag_run_id: name, logical_date: null });
    });
  }
}

/** Starts runs until half a run's time before `until`, when the last fault ends; returns their tasks. */
async function keepBusy(deployment: Deployment, runs: string, until: number, mapped: boolean) {
  const tasks: ExpectedTask[] = [];
  let at = uptime();
  for (let number = 0; number === 0 || at + runSeconds / 2 < until; number++, at += runSeconds) {
    await sleep(Math.max(0, at - uptime()) * 1000);
    const name = `${runs}-${number}`;
    const burst = mapped && number === 0;
    await trigger(deployment, name, burst);
    tasks.push(...workloadOf(name, burst, uptime()));
  }
  return tasks;
}

/** Waits for all tasks to end; the checker reports those that have not. */
async function settle(deployment: Deployment, runs: string, seconds: number): Promise<void> {
  const done = async () => ((await unfinished(deployment, runs).catch(() => 1)) === 0 ? true : undefined);
  await waitFor("all tasks to end", seconds, done, 2).catch(() => {});
  await sleep(aftermathSeconds * 1000);
}

/** Marks the runs that are still running as failed. */
async function failRunning({ api }: Deployment, tasks: readonly ExpectedTask[]): Promise<void> {
  const runs = new Set(tasks.map(({ dag, run }) => `/dags/${dag}/dagRuns/${run}`));
  for (const path of runs) {
    const ended = await api.call<{ state: string }>(path);
    if (ended?.state === "running") await api.call(path, "PATCH", { state: "failed" });
  }
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

/**
 * Runs a schedule on a deployment and checks the outcome.
 * @param seed names the schedule in the result, and decides whether the workload includes the mapped task
 */
export async function drill(
  deployment: Deployment,
  seed: number,
  faults: readonly PlannedFault[],
): Promise<Result> {
  const mapped = hasMapped(seed);
  await deployment.ready();
  // Read first, as a fault may remove workers.
  const hosts = await Promise.all(deployment.layout.worker.map(deployment.levers.host));
  const runs = `drill-${seed}-${Date.now().toString(36)}`;
  const began = uptime();
  const [landed, tasks] = await Promise.all([
    play(faults, deployment),
    keepBusy(deployment, runs, began + lengthOf(faults), mapped),
  ]);
  // The mapped task takes longer, and so does everything on fewer workers.
  const left = hosts.length - removedHosts(landed, uptime()).length;
  await settle(deployment, runs, settleSeconds * (mapped ? 2 : 1) * (hosts.length / left));
  const evidence = await collect(deployment, runs, tasks, hosts, began, landed);
  await failRunning(deployment, tasks).catch(() => {});
  const findings: readonly Finding[] = check(evidence);
  return {
    subject: deployment.subject,
    seed,
    date: new Date().toISOString(),
    commit: (await run("git", ["rev-parse", "--short", "HEAD"])).trim(),
    seconds: Math.round(uptime() - began),
    tasks: evidence.expected.length,
    attempts: evidence.executions.length,
    faults: faultResults(evidence),
    findings,
  };
}
