import { type AirflowApi, type DagRun, summary, type TaskInstance } from "../airflow.ts";
import { print } from "../commandLine/terminal.ts";
import { waitFor } from "../process.ts";
import { type LogAnswer, linesOf } from "../taskLog.ts";

type Instance = TaskInstance & { readonly map_index?: number };

/** Prints the log of each task's last try. */
async function printLogs(
  api: AirflowApi,
  dag: string,
  run: string,
  tasks: readonly Instance[],
): Promise<void> {
  for (const { task_id: task, try_number: attempt, map_index: index = -1, state } of tasks) {
    print(`--- ${task}${index < 0 ? "" : ` [${index}]`}: ${state ?? "waiting"}, try ${attempt}`);
    if (attempt < 1) continue;
    const path = `/dags/${dag}/dagRuns/${run}/taskInstances/${task}/logs/${attempt}?map_index=${index}`;
    const answer = await api.call<LogAnswer>(path);
    for (const line of answer ? linesOf(answer) : ["The webserver has no log of this try."]) print(line);
  }
}

/**
 * Runs a DAG, and shows its tasks until it ends.
 * @returns true if the run succeeded
 */
export async function runDag(api: AirflowApi, dag: string): Promise<boolean> {
  const { dag_run_id: run } = await api.trigger(dag);
  print(`  ${run}`);
  let shown = "";
  const state = await waitFor(`${dag} to finish`, Number.POSITIVE_INFINITY, async () => {
    const tasks = summary(await api.tasks(dag, run));
    if (tasks !== shown) print(`  ${tasks}`);
    shown = tasks;
    const now = await api.dagRun(dag, run);
    return now?.state === "success" || now?.state === "failed" ? now.state : undefined;
  });
  const failed = (await api.tasks(dag, run)).filter((task) => task.state === "failed");
  await printLogs(api, dag, run, failed);
  print(`${dag}: ${state}`);
  return state === "success";
}

/** Prints the logs of a DAG's last run. */
export async function lastLogs(api: AirflowApi, dag: string): Promise<void> {
  const order = "order_by=-start_date&limit=1";
  const last = await api.call<{ readonly dag_runs: readonly DagRun[] }>(`/dags/${dag}/dagRuns?${order}`);
  if (!last) throw new Error(`Airflow knows no DAG ${dag}; expected the id of one that it has read.`);
  const [run] = last.dag_runs;
  if (!run) throw new Error(`${dag} has not run yet; npm run dags -- run ${dag} runs it.`);
  print(`${dag}: ${run.dag_run_id}, ${run.state}`);
  await printLogs(api, dag, run.dag_run_id, await api.tasks(dag, run.dag_run_id));
}
