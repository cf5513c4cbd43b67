import { setTimeout as sleep } from "node:timers/promises";
import { AirflowApi } from "../../tools/lib/airflow.ts";
import { waitFor } from "../../tools/lib/process.ts";
import type { TestStack } from "../live/lib/harness.ts";
import { type Containers, cpuSeconds, dockerContainers, memory } from "./containers.ts";
import type { Deployment } from "./deployment.ts";
import { childrenCpuSeconds, secondsSince } from "./usage.ts";

/** Seconds to leave a deployment alone before measuring its memory. */
export const idleSeconds = 20;

/** Workers of the stack whose monitoring is measured. */
export const monitoredWorkers = 8;

/** Seconds from the start of the command. */
export interface Start {
  readonly commandDone: number;
  readonly triggered: number;
  readonly firstSuccess: number;
  readonly firstRun: number;
}

export interface Idle {
  /** MiB of all containers. */
  readonly memory: number;
  /** CPU seconds in a minute. */
  readonly cpu: number;
}

/** Brings up a deployment and runs the example's first task, each step as soon as possible. */
export async function start(deployment: Deployment): Promise<Start> {
  const dag = "get_stocks_dag";
  const begin = Date.now();
  const timer = setInterval(() => console.log(`  starting (${Math.round(secondsSince(begin))} s)`), 10_000);
  await deployment.up().finally(() => clearInterval(timer));
  const commandDone = secondsSince(begin);
  const api = new AirflowApi(deployment.outputs);
  // The connection may be refused: the command may end before the webserver listens.
  const known = () => api.call(`/dags/${dag}`).catch(() => undefined);
  await waitFor(`${dag} to be read`, 300, known, 0.1);
  const { dag_run_id } = await api.trigger(dag);
  const triggered = secondsSince(begin);
  const first = async () =>
    (await api.tasks(dag, dag_run_id)).find(({ state }) => state === "success" || state === "failed");
  const { state } = await waitFor("the first task", 300, first, 0.1);
  if (state === "failed") throw new Error(`A task of ${dag} failed; the benchmark needs it to succeed.`);
  const firstSuccess = secondsSince(begin);
  const finished = async () => (await api.dagRun(dag, dag_run_id))?.state === "success" || undefined;
  await waitFor(`${dag} to finish`, 300, finished, 0.1);
  return { commandDone, triggered, firstSuccess, firstRun: secondsSince(begin) };
}

/** Measures containers that have nothing to do. */
export async function idle(containers: Containers): Promise<Idle> {
  const names = await containers.names();
  console.log(`  idle for ${idleSeconds} s, then measured for a minute`);
  await sleep(idleSeconds * 1000);
  const mib = await memory(containers, names);
  const before = await cpuSeconds(containers, names);
  const begin = Date.now();
  for (const left of [45, 30, 15, 0]) {
    await sleep(15_000);
    if (left > 0) console.log(`  ${left} s left`);
  }
  const cpu = (await cpuSeconds(containers, names)) - before;
  return { memory: mib, cpu: (cpu / secondsSince(begin)) * 60 };
}

/** Adds the monitoring and workers to a stack, and measures the monitoring alone. */
export async function monitoring(stack: TestStack, port: number): Promise<Idle> {
  await stack.up({ workers: monitoredWorkers, monitoring: {}, monitoringPort: port });
  const { run } = dockerContainers(stack.prefix);
  return idle({
    run,
    names: async () => ["exporter", "monitoring"].map((name) => `${stack.prefix}-${name}`),
  });
}

export async function previews(stack: TestStack): Promise<readonly number[]> {
  const seconds: number[] = [];
  for (let count = 0; count < 3; count++) {
    const before = childrenCpuSeconds();
    await stack.stack.pulumi(["preview", "--expect-no-changes"]);
    seconds.push(childrenCpuSeconds() - before);
  }
  return seconds;
}
