import { watchdogAlert } from "./alerts.ts";

/** A graph of series over time. */
export interface Panel {
  readonly title: string;
  /** PromQL expressions, each with the name of its lines. */
  readonly lines: readonly (readonly [expr: string, name: string])[];
  readonly unit?: "s" | "bytes" | "percent";
}

export interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
}

function panel(title: string, unit: Panel["unit"], ...lines: Panel["lines"]): Panel {
  return { title, lines, ...(unit && { unit }) };
}

/** Dashboards by the name of their file. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  overview: {
    title: "The stack at a glance",
    panels: [
      panel("Alerts", undefined, [
        `ALERTS{alertstate="firing",alertname!="${watchdogAlert}"}`,
        "{{alertname}}",
      ]),
      panel("Runs", undefined, ["airflow_runs", "{{state}}"]),
      panel("Tasks", undefined, ["airflow_tasks", "{{state}}"]),
      panel(
        "Places of all workers",
        undefined,
        ["sum(airflow_worker_places) by (state)", "{{state}}"],
        ["sum(airflow_queue_length)", "queued messages"],
      ),
      panel("Heartbeats", "s", ["airflow_heartbeat_age_seconds", "{{role}}"]),
      panel(
        "Import errors, lost and unsent tasks",
        undefined,
        ["airflow_import_errors", "import errors"],
        ["airflow_tasks_lost", "lost tasks"],
        ["airflow_tasks_unsent", "unsent tasks"],
      ),
      panel("Canary", "s", ["airflow_canary_duration_seconds", "duration of the last proof"]),
      panel("Free space of volumes", "percent", ["airflow_volume_free_ratio * 100", "{{volume}}"]),
    ],
  },
  queues: {
    title: "Queues and their workers",
    panels: [
      panel("Queued messages", undefined, ["airflow_queue_length", "{{queue}}"]),
      panel("Age of the oldest message", "s", ["airflow_queue_oldest_seconds", "{{queue}}"]),
      panel("Consumers", undefined, ["airflow_queue_consumers", "{{queue}}"]),
      panel("Unacknowledged messages", undefined, ["airflow_queue_unacknowledged", "{{queue}}"]),
      panel("Places by queue", undefined, ["airflow_queue_places", "{{queue}}, {{state}}"]),
      panel("Busy places by worker", undefined, ['airflow_worker_places{state="busy"}', "{{worker}}"]),
    ],
  },
  services: {
    title: "Database and broker",
    panels: [
      panel(
        "Connections to Postgres",
        undefined,
        ["airflow_database_connections", "open"],
        ["airflow_database_connections_budget", "budget"],
        ["airflow_database_connections_free", "free"],
      ),
      panel("Size of the metadata database", "bytes", ["airflow_database_bytes", "database"]),
      panel(
        "Redis memory",
        "bytes",
        ["airflow_broker_memory_bytes", "used"],
        ["airflow_broker_memory_limit_bytes", "limit"],
      ),
      panel("Redis writes", undefined, ["airflow_broker_writes", "1: succeed, 0: fail"]),
      panel("Age of the last proven backup", "s", ["time() - (airflow_backup_time_seconds > 0)", "age"]),
      panel("Time until certificates expire", "s", [
        "airflow_certificate_end_seconds - time()",
        "{{certificate}}",
      ]),
      panel("Sources of the exporter", undefined, ["airflow_source_up", "{{source}}, 1: answers"]),
    ],
  },
};

/** Renders a dashboard for Grafana, with a variable that chooses the data source. */
export function forGrafana(file: string, { title, panels }: Dashboard): object {
  const datasource = { type: "prometheus", uid: `\${datasource}` };
  return {
    uid: `airflow-on-celery-${file}`,
    title: `Airflow on Celery: ${title}`,
    schemaVersion: 39,
    time: { from: "now-3h", to: "now" },
    refresh: "30s",
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus" }] },
    panels: panels.map(({ title: name, lines, unit = "short" }, at) => ({
      id: at + 1,
      title: name,
      type: "timeseries",
      datasource,
      gridPos: { h: 8, w: 12, x: (at % 2) * 12, y: Math.floor(at / 2) * 8 },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: lines.map(([expr, legendFormat], line) => ({
        refId: String.fromCharCode(65 + line),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
}
