import { setTimeout as sleep } from "node:timers/promises";
import type { AirflowApi, TaskInstance } from "../airflow.ts";

type Running = TaskInstance & { readonly dag_id: string };

/** Seconds between two looks, and between two lines about the same tasks. */
const pause = 2;
const again = 30;

function named(tasks: readonly Running[]): string {
  const names = tasks
    .slice(0, 5)
    .map(({ dag_id, task_id, hostname }) => `${dag_id}.${task_id} on ${hostname}`);
  const rest = tasks.length - names.length;
  return `${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/**
 * Waits until no task runs, and tells which do.
 * @param limit seconds; what runs then goes on with the grace of its worker
 */
export async function drain(
  api: Pick<AirflowApi, "call">,
  limit: number,
  tell: (line: string) => void,
): Promise<void> {
  const path = "/dags/~/dagRuns/~/taskInstances?state=running&limit=100";
  const begin = Date.now();
  let told = { line: "", at: 0 };
  for (;;) {
    const page = await api.call<{ readonly task_instances: readonly Running[] }>(path);
    const tasks = page?.task_instances ?? [];
    if (tasks.length === 0) return;
    const line = named(tasks);
    if (Date.now() - begin >= limit * 1000) {
      tell(`  after ${limit} s these still run, and end with the grace of their workers: ${line}`);
      return;
    }
    if (line !== told.line || Date.now() - told.at > again * 1000) {
      tell(`  ${tasks.length} still run: ${line}`);
      told = { line, at: Date.now() };
    }
    await sleep(pause * 1000);
  }
}
