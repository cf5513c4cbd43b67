import type { Evidence, Landed, Try } from "./check/evidence.ts";
import { readLedger } from "./check/ledger.ts";
import type { Deployment } from "./deployments/deployment.ts";
import { uptime } from "./nemesis/processes.ts";
import type { ExpectedTask } from "./plan/workload.ts";

const of = (runs: string) => `run_id LIKE '${runs}%'`;

/** Writes SQL that returns all tries of the runs, current and earlier ones, as JSON. */
function triesOf(runs: string): string {
  const time = (name: string) => `extract(epoch FROM ${name})::float8`;
  const columns = `dag_id AS dag, run_id AS run, task_id AS task, map_index AS map, try_number AS try, state, hostname AS host,
    ${time("queued_dttm")} AS queued, ${time("start_date")} AS started, ${time("end_date")} AS ended`;
  const from = (table: string, current: boolean) =>
    `SELECT ${columns}, ${current} AS current FROM ${table} WHERE ${of(runs)}`;
  return `SELECT coalesce(json_agg(t), '[]') FROM (${from("task_instance", true)} UNION ALL ${from("task_instance_history", false)}) t`;
}

/** Counts the unfinished tasks in runs whose names start with `runs`. */
export async function unfinished(deployment: Deployment, runs: string): Promise<number> {
  const ended = "('success', 'failed', 'upstream_failed', 'skipped', 'removed')";
  const open = `coalesce(state, '') NOT IN ${ended} AND ${of(runs)}`;
  return Number(await deployment.query(`SELECT count(*) FROM task_instance WHERE ${open}`));
}

/** Returns a function that converts the database's Unix times to seconds since the kernel booted. */
function sinceBoot(): (time: number | null) => number | null {
  const boot = Date.now() / 1000 - uptime();
  return (time) => (time === null ? null : time - boot);
}

/** Collects the evidence about runs whose names start with `runs`. */
export async function collect(
  deployment: Deployment,
  runs: string,
  expected: readonly ExpectedTask[],
  hosts: readonly string[],
  began: number,
  faults: readonly Landed[],
): Promise<Evidence> {
  const { places } = deployment;
  const toUptime = sinceBoot();
  const rows: Try[] = JSON.parse(await deployment.query(triesOf(runs)));
  const tries = rows.map((one) => ({
    ...one,
    queued: toUptime(one.queued),
    started: toUptime(one.started),
    ended: toUptime(one.ended),
  }));
  const executions = readLedger(await deployment.ledger(runs));
  return { expected, tries, executions, faults, began, hosts, places };
}
