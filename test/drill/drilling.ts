import { setTimeout as sleep } from "node:timers/promises";
import { run, waitFor } from "../../tools/lib/process.ts";
import { chargedTries } from "./check/charges.ts";
import { check } from "./check/check.ts";
import type { Evidence, Finding } from "./check/evidence.ts";
import { recoveries } from "./check/recovery.ts";
import type { Deployment } from "./deployments/deployment.ts";
import { collect, unfinished } from "./evidence.ts";
import { play } from "./nemesis/nemesis.ts";
import { uptime } from "./nemesis/processes.ts";
import { type Fault, lengthOf } from "./plan/schedule.ts";
import { dagsOf, type ExpectedTask, hasMapped, workloadOf } from "./plan/workload.ts";
import type { FaultResult, Result } from "./results/results.ts";

/** Seconds after the last fault within which all tasks must end. */
const patience = 240;

/** Further seconds in which a process that should be dead would show itself. */
const aftermath = 3;

/** Seconds between the starts of two runs: the tasks of one take about as long. */
const every = 70;

/** Retries until it works, as a client does whose webserver may be away. */
function insists<T>(what: string, doing: () => Promise<T>): Promise<T> {
  return waitFor(what, 300, () => doing().catch(() => undefined), 1);
}

/** Starts one run of each DAG; looks before each retry, as an answer may get lost. */
async function trigger({ api }: Deployment, name: string, mapped: boolean): Promise<void> {
  for (const dag of dagsOf(mapped)) {
    const path = `/dags/${dag}/dagRuns`;
    await insists(`${dag} to be triggered`, async () => {
      if (await api.call(`${path}/${name}`)) return true;
      await api.call(`/dags/${dag}`, "PATCH", { is_paused: false });
      return api.call(path, "POST", { dag_run_id: name, logical_date: null });
    });
  }
}

/** Starts runs while faults are due, leaving the last one half a run's time; returns their tasks. */
async function keepBusy(deployment: Deployment, runs: string, until: number, mapped: boolean) {
  const tasks: ExpectedTask[] = [];
  for (let number = 0, at = uptime(); number === 0 || at + every / 2 < until; number++, at += every) {
    await sleep(Math.max(0, at - uptime()) * 1000);
    const name = `${runs}-${number}`;
    const burst = mapped && number === 0;
    await trigger(deployment, name, burst);
    tasks.push(...workloadOf(name, burst, uptime()));
  }
  return tasks;
}

/** Waits for all tasks to end; the checker reports those that have not. */
async function settle(deployment: Deployment, runs: string, mapped: boolean): Promise<void> {
  const done = async () => ((await unfinished(deployment, runs).catch(() => 1)) === 0 ? true : undefined);
  await waitFor("all tasks to end", mapped ? patience * 2 : patience, done, 2).catch(() => {});
  await sleep(aftermath * 1000);
}

/** Fails the runs that are still running. */
async function endByForce({ api }: Deployment, tasks: readonly ExpectedTask[]): Promise<void> {
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

/** Runs a schedule on a deployment and checks the outcome. */
export async function drill(deployment: Deployment, seed: number, faults: readonly Fault[]): Promise<Result> {
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
  await settle(deployment, runs, mapped);
  const evidence = await collect(deployment, runs, tasks, hosts, began, landed);
  await endByForce(deployment, tasks).catch(() => {});
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
