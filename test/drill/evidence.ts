import type { Evidence, Landed, Try } from "./check/evidence.ts";
import { readLedger } from "./check/ledger.ts";
import type { Deployment } from "./deployments/deployment.ts";
import { uptime } from "./nemesis/processes.ts";
import type { ExpectedTask } from "./plan/workload.ts";

/** All tries of a run: the last ones, and those before. */
function triesOf(run: string): string {
  const time = (name: string) => `extract(epoch FROM ${name})::float8`;
  const columns = `dag_id AS dag, task_id AS task, map_index AS map, try_number AS try, state, hostname AS host,
    ${time("queued_dttm")} AS queued, ${time("start_date")} AS started, ${time("end_date")} AS ended`;
  const from = (table: string, current: boolean) =>
    `SELECT ${columns}, ${current} AS current FROM ${table} WHERE run_id = '${run}'`;
  return `SELECT coalesce(json_agg(t), '[]') FROM (${from("task_instance", true)} UNION ALL ${from("task_instance_history", false)}) t`;
}

/** Tasks of a run that have not ended. */
export async function unfinished({ query }: Pick<Deployment, "query">, run: string): Promise<number> {
  const ended = "('success', 'failed', 'upstream_failed', 'skipped', 'removed')";
  const open = `coalesce(state, '') NOT IN ${ended} AND run_id = '${run}'`;
  return Number(await query(`SELECT count(*) FROM task_instance WHERE ${open}`));
}

/** Seconds since the boot of the kernel for a time of the database's. */
function sinceBoot(): (time: number | null) => number | null {
  const boot = Date.now() / 1000 - uptime();
  return (time) => (time === null ? null : time - boot);
}

export async function collect(
  deployment: Deployment,
  run: string,
  expected: readonly ExpectedTask[],
  began: number,
  faults: readonly Landed[],
): Promise<Evidence> {
  const { levers, layout, places } = deployment;
  const own = sinceBoot();
  const rows: Try[] = JSON.parse(await deployment.query(triesOf(run)));
  const tries = rows.map((one) => ({
    ...one,
    queued: own(one.queued),
    started: own(one.started),
    ended: own(one.ended),
  }));
  const executions = readLedger(await deployment.ledger(run));
  const hosts = await Promise.all(layout.worker.map(levers.host));
  return { expected, tries, executions, faults, began, hosts, places };
}
