import { setTimeout as sleep } from "node:timers/promises";
import type { AirflowApi, TaskInstance } from "../airflow.ts";

type Running = TaskInstance & { readonly dag_id: string };

/** Seconds between two polls, and between two lines about the same tasks. */
const pollSeconds = 2;
const repeatSeconds = 30;

/** Number of tasks that a line names. */
const named = 5;

interface Page {
  readonly task_instances: readonly Running[];
  /** Number of tasks on all pages. */
  readonly total_entries: number;
}

function listed({ task_instances: tasks, total_entries: total }: Page): string {
  const names = tasks.map(({ dag_id, task_id, hostname }) => `${dag_id}.${task_id} on ${hostname}`);
  const rest = total - names.length;
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
  const path = `/dags/~/dagRuns/~/taskInstances?state=running&limit=${named}`;
  const begin = Date.now();
  let reported = { line: "", at: 0 };
  for (;;) {
    const page = await api.call<Page>(path);
    if (!page || page.total_entries === 0) return;
    const line = listed(page);
    if (Date.now() - begin >= limit * 1000) {
      report(`  after ${limit} s these still run, and end with the grace of their workers: ${line}`);
      return;
    }
    if (line !== reported.line || Date.now() - reported.at > repeatSeconds * 1000) {
      report(`  ${page.total_entries} still run: ${line}`);
      reported = { line, at: Date.now() };
    }
    await sleep(pollSeconds * 1000);
  }
}
