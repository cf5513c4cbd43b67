import { setTimeout as sleep } from "node:timers/promises";
import type { AirflowApi, TaskInstance } from "../airflow.ts";

type Running = TaskInstance & { readonly dag_id: string };

/** Seconds between two polls, and between two lines about the same tasks. */
const pollSeconds = 2;
const repeatSeconds = 30;

function listed(tasks: readonly Running[]): string {
  const names = tasks
    .slice(0, 5)
    .map(({ dag_id, task_id, hostname }) => `${dag_id}.${task_id} on ${hostname}`);
  const rest = tasks.length - names.length;
  return `${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/**
 * Waits until no task runs, and reports those that do.
 * @param limit maximum seconds; then the grace of the workers begins for tasks that still run
 */
export async function drain(
  api: Pick<AirflowApi, "call">,
  limit: number,
  report: (line: string) => void,
): Promise<void> {
  const path = "/dags/~/dagRuns/~/taskInstances?state=running&limit=100";
  const begin = Date.now();
  let reported = { line: "", at: 0 };
  for (;;) {
    const page = await api.call<{ readonly task_instances: readonly Running[] }>(path);
    const tasks = page?.task_instances ?? [];
    if (tasks.length === 0) return;
    const line = listed(tasks);
    if (Date.now() - begin >= limit * 1000) {
      report(`  after ${limit} s these still run, and end with the grace of their workers: ${line}`);
      return;
    }
    if (line !== reported.line || Date.now() - reported.at > repeatSeconds * 1000) {
      report(`  ${tasks.length} still run: ${line}`);
      reported = { line, at: Date.now() };
    }
    await sleep(pollSeconds * 1000);
  }
}
