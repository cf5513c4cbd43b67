import { type Alerting, alertsOf, watchdogAlert } from "../../../components/monitoring/alerts.ts";
import { waitFor } from "../../runner/waiting.ts";

/** Values of each series before and after a problem (`good`), and during it (`bad`). */
interface Case {
  readonly [series: string]: readonly [good: string, bad: string];
}

const at = 'job="airflow"';

/** Problems, by alert; times are in seconds since the start, which Prometheus' test takes for 1970. */
const cases: Readonly<Record<string, Case>> = {
  SchedulerSilent: { [`airflow_heartbeat_age_seconds{role="scheduler",${at}}`]: ["4", "31"] },
  RoleSilent: { [`airflow_heartbeat_age_seconds{role="triggerer",${at}}`]: ["4", "31"] },
  QueueSlow: {
    [`airflow_queue_oldest_seconds{queue="a",${at}}`]: ["300", "301"],
    [`airflow_queue_consumers{queue="a",${at}}`]: ["1", "1"],
  },
  QueueUnread: {
    [`airflow_queue_length{queue="a",${at}}`]: ["1", "1"],
    [`airflow_queue_consumers{queue="a",${at}}`]: ["1", "0"],
  },
  WorkerIdle: { [`airflow_worker_queues{worker="w",${at}}`]: ["1", "0"] },
  TasksLost: { [`airflow_tasks_lost{${at}}`]: ["2", "3"] },
  PublishFails: { [`airflow_tasks_unsent{${at}}`]: ["0", "1"] },
  ImportErrors: { [`airflow_import_errors{${at}}`]: ["0", "1"] },
  BrokerFull: {
    [`airflow_broker_memory_bytes{${at}}`]: ["80", "81"],
    [`airflow_broker_memory_limit_bytes{${at}}`]: ["100", "100"],
  },
  ConnectionsShort: {
    [`airflow_database_connections{${at}}`]: ["40", "40"],
    [`airflow_database_connections_budget{${at}}`]: ["40", "40"],
    [`airflow_database_connections_free{${at}}`]: ["3", "2"],
  },
  DiskFull: { [`airflow_volume_free_ratio{volume="logs",${at}}`]: ["0.15", "0.14"] },
  DatabaseLarge: { [`airflow_database_bytes{${at}}`]: ["7516192768", "7516192769"] },
  CertificateEnds: { [`airflow_certificate_end_seconds{certificate="c",${at}}`]: ["9999999", "1200000"] },
  SourceSilent: {
    [`airflow_source_up{source="broker",${at}}`]: ["1", "0"],
    [`up{${at}}`]: ["1", "1"],
  },
  NotificationsFail: { 'alertmanager_notifications_failed_total{integration="webhook"}': ["0", "1+1"] },
  CanaryFails: {
    [`airflow_canary_success{${at}}`]: ["1", "0"],
    [`airflow_canary_time_seconds{${at}}`]: ["999999", "999999"],
  },
  BackupOld: { [`airflow_backup_base_seconds{${at}}`]: ["999999", "-99999"] },
  DatabaseLogOld: { [`airflow_backup_moment_seconds{${at}}`]: ["999999", "-99999"] },
};

/** Minutes of each part: good, bad long enough for the alert, and good again. */
const minutes = { before: 5, after: 10, margin: 2 };

/**
 * Renders a test of promtool in which each alert is silent, fires, and stops.
 * @throws Error if an alert has no case
 */
export function promtoolTest(settings: Alerting, rules: string): string {
  const tests = Object.entries(alertsOf(settings)).map(([alertname, { lasts }]) => {
    const { [alertname]: series } = cases;
    if (!series) throw new Error(`The alert ${alertname} has no case; add one to cases in monitoring.ts.`);
    const bad = Math.ceil(lasts / 60) + minutes.margin;
    const times = (value: string, count: number) => `${value}x${count - 1}`;
    const begin = minutes.before * 60;
    const end = begin + bad * 60;
    const firing = (seconds: number, count: number) => ({
      expr: `count(ALERTS{alertname="${alertname}",alertstate="firing"}) or vector(0)`,
      eval_time: `${seconds}s`,
      exp_samples: [{ labels: "{}", value: count }],
    });
    return {
      name: alertname,
      interval: "1m",
      input_series: Object.entries(series).map(([name, [good, wrong]]) => ({
        series: name,
        values: [times(good, minutes.before), times(wrong, bad), times(good, minutes.after)].join(" "),
      })),
      promql_expr_test: [firing(begin - 60, 0), firing(end - 60, 1), firing(end + 480, 0)],
    };
  });
  return JSON.stringify({ rule_files: [rules], evaluation_interval: "15s", tests });
}

interface Login {
  readonly adminUser: string;
  readonly adminPassword: string;
}

/** Returns the header with which Flower and Prometheus take the administrator's login. */
export function basicAuthentication({ adminUser, adminPassword }: Login): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${adminUser}:${adminPassword}`).toString("base64")}` };
}

/** Series of one sample, as Prometheus answers a query. */
interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
}

/** PromQL expression that selects the alerts which fire because of a problem. */
export const problems = `ALERTS{alertstate="firing",alertname!="${watchdogAlert}"}`;

/** Client of a stack's Prometheus. */
export class Prometheus {
  private readonly url: string;
  private readonly login: Login;

  constructor(url: string, login: Login) {
    this.url = url;
    this.login = login;
  }

  /** Returns the data of an answer of the API. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path, { headers: basicAuthentication(this.login) });
    const { data } = (await response.json()) as { data: T };
    return data;
  }

  async query(promql: string): Promise<readonly Sample[]> {
    const path = `/api/v1/query?query=${encodeURIComponent(promql)}`;
    return (await this.get<{ result: readonly Sample[] }>(path)).result;
  }

  /** Waits until a query selects series; returns them. */
  selects(promql: string, seconds: number): Promise<readonly Sample[]> {
    return waitFor(`series of ${promql}`, seconds, async () => {
      // Prometheus does not answer while it starts.
      const samples = await this.query(promql).catch(() => []);
      return samples.length > 0 ? samples : undefined;
    });
  }

  /** Lists the alerts that fire because of a problem, sorted. */
  async firing(): Promise<string[]> {
    const samples = await this.query(problems);
    return [...new Set(samples.map(({ metric }) => metric.alertname ?? ""))].sort();
  }

  /** Waits until all of these alerts fire, or none of them does. */
  async alerts(names: readonly string[], fire: boolean, seconds: number): Promise<void> {
    await waitFor(`${names.join(" and ")} to ${fire ? "fire" : "stop"}`, seconds, async () => {
      const firing = await this.firing();
      return names.every((name) => firing.includes(name) === fire) || undefined;
    });
  }
}
