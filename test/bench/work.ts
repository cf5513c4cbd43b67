import { AirflowApi } from "../../tools/lib/airflow.ts";
import { waitFor } from "../../tools/lib/process.ts";
import type { Outputs } from "../../tools/lib/stack.ts";
import { type Containers, cpuSeconds } from "./containers.ts";
import { median } from "./median.ts";
import { secondsSince } from "./usage.ts";

/** Tasks at once, and runs of one task. */
export const counts = { mapped: 300, runs: 9 };

/** Costs of tasks that do nothing. */
export interface Work {
  /** Median seconds from the trigger of a run to the end of its only task. */
  readonly latency: number;
  /** Seconds from the trigger to the end of 40 tasks, one after another. */
  readonly chain: number;
  /** Rate of 300 tasks at once. */
  readonly tasksPerMinute: number;
  readonly cpuSecondsPerTask: number;
  /** Tasks of the 300 that succeeded at their first try. */
  readonly first: number;
}

/**
 * Seconds from the trigger of a run to its success.
 * @param every seconds between two looks; the webserver reads all tasks of the run for each
 */
async function seconds(
  api: AirflowApi,
  dag: string,
  { conf = {}, every = 0.1 } = {},
): Promise<{ run: string; took: number }> {
  await waitFor(`${dag} to be read`, 120, () => api.call(`/dags/${dag}`));
  const begin = Date.now();
  const { dag_run_id: run } = await api.trigger(dag, conf);
  const ended = async () => {
    // A busy webserver may refuse a request; the next one tells.
    const state = (await api.dagRun(dag, run).catch(() => undefined))?.state;
    return state === "success" || state === "failed" ? state : undefined;
  };
  const state = await waitFor(`${dag} to end`, 1800, ended, every);
  const took = secondsSince(begin);
  // A task that fails under load is a figure; one that fails alone is no measurement.
  if (state === "failed" && dag !== "burst")
    throw new Error(`${dag} failed; the benchmark needs it to succeed.`);
  return { run, took };
}

export async function workOf(outputs: Outputs, containers: Containers): Promise<Work> {
  const api = new AirflowApi(outputs);
  const latencies: number[] = [];
  for (let run = 0; run < counts.runs; run++) latencies.push((await seconds(api, "single")).took);
  const { took: chain } = await seconds(api, "chain");
  const names = await containers.names();
  const before = await cpuSeconds(containers, names);
  const { run, took } = await seconds(api, "burst", { conf: { count: counts.mapped }, every: 0.5 });
  const cpu = (await cpuSeconds(containers, names)) - before;
  const tasks = await api.tasks("burst", run);
  const first = tasks.filter(
    ({ task_id, state, try_number }) => task_id === "noop" && state === "success" && try_number === 1,
  ).length;
  return {
    latency: median(latencies),
    chain,
    tasksPerMinute: (counts.mapped / took) * 60,
    cpuSecondsPerTask: cpu / counts.mapped,
    first,
  };
}
