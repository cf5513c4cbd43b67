import { type Settings, sharesDisk, triggerersOf } from "../../settings/model/groups.ts";
import { volumeBytes } from "../../settings/model/sizes.ts";
import { timings } from "../../settings/model/timings.ts";
import { kubernetesDefaults } from "../../settings/schema/kubernetes.ts";
import { majorOf, rolesIn } from "../../settings/schema/versions.ts";
import type { AlertRule } from "../../workload.ts";

/** An alert rule of Prometheus; docs/monitoring.md has a section of the alert's name. */
interface Alert {
  /** PromQL expression that selects series only while something is wrong. */
  readonly expr: string;
  /** Seconds that `expr` must hold before the alert fires. */
  readonly lasts: number;
  /** One sentence, which may use labels of the series. */
  readonly summary: string;
}

export type Alerting = Pick<
  Settings,
  "platform" | "version" | "canary" | "backup" | "groups" | "monitoring"
> & {
  readonly postgres: Pick<Settings["postgres"], "url">;
  readonly kubernetes?: { readonly storage: { readonly postgres: string } } | undefined;
};

/** Alert that always fires, so that its notifications prove that alerts are sent. */
export const watchdogAlert = "Watchdog";

const watchdogRule: AlertRule = {
  alert: watchdogAlert,
  expr: "vector(1)",
  for: "0s",
  annotations: { summary: "Alerts of the stack can be sent.", runbook: "docs/monitoring.md#send-alerts" },
};

const hour = 3600;
const day = 24 * hour;

/** Seconds of two missed collections. */
const missed = 30;

/** Used part of a limit above which an alert fires; `free` is the free part below which one does. */
const shares = { memory: 0.8, free: 0.15, database: 0.7 };

/** Free connections below which Postgres is about to refuse clients. */
const fewConnections = 3;

/** Returns the alerts about optional parts of a stack. */
function optional(settings: Alerting): Record<string, Alert> {
  const { canary, backup, monitoring, postgres, kubernetes = kubernetesDefaults } = settings;
  const volume = volumeBytes(kubernetes.storage.postgres);
  return {
    // In a cluster the exporter cannot see the disk of Postgres, whose log needs the rest.
    ...(!sharesDisk(settings) &&
      postgres.url === undefined && {
        DatabaseLarge: {
          expr: `airflow_database_bytes > ${Math.round(shares.database * volume)}`,
          lasts: 300,
          summary: "The metadata fills more than 70 % of the volume of Postgres.",
        },
      }),
    ...(monitoring?.alerts && {
      NotificationsFail: {
        expr: "rate(alertmanager_notifications_failed_total[5m]) > 0",
        lasts: 60,
        summary: "Alerts are not delivered by {{ $labels.integration }}.",
      },
    }),
    ...(canary && {
      CanaryFails: {
        expr: `airflow_canary_success == 0 or time() - airflow_canary_time_seconds > ${canary.every}`,
        // A proof during a deployment fails while workers start, and the first one has yet to end.
        lasts: 300,
        summary: "Proofs of queues and workers have failed, or been due, for 5 minutes.",
      },
    }),
    ...(backup && {
      BackupOld: {
        expr: ["airflow_backup_time_seconds", ...(backup.continuous ? ["airflow_backup_base_seconds"] : [])]
          .map((series) => `time() - ${series} > ${backup.every + 2 * hour}`)
          .join(" or "),
        // The first backup of a stack takes minutes.
        lasts: 600,
        summary: "No backup, or no base of continuous backups, was taken and proven in time.",
      },
    }),
    ...(backup?.continuous && {
      DatabaseLogOld: {
        expr: "time() - airflow_backup_moment_seconds > 300",
        // The first base of a new stack takes a while.
        lasts: 300,
        summary: "The log of the database is not kept: what happens now may be lost.",
      },
    }),
  };
}

/** Lists the roles besides the scheduler that have heartbeats; the database may have old ones of a role that the version lacks. */
function others({ version }: Alerting): readonly string[] {
  return rolesIn(version).filter((role) => role === "triggerer" || role === "dag-processor");
}

/** Returns the alerts about queues. Workers of Airflow 2 do not report which queues they read. */
function aboutQueues({ version, groups }: Alerting): Record<string, Alert> {
  const old = "airflow_queue_oldest_seconds > 300";
  if (majorOf(version) === "2") {
    return {
      QueueSlow: {
        expr: old,
        lasts: 60,
        summary: "The oldest message of queue {{ $labels.queue }} has waited for more than 5 minutes.",
      },
    };
  }
  return {
    QueueSlow: {
      expr: `${old} and airflow_queue_consumers > 0`,
      lasts: 60,
      summary:
        "The oldest message of queue {{ $labels.queue }} has waited for more than 5 minutes, though workers read the queue.",
    },
    QueueUnread: {
      expr: "airflow_queue_length > 0 and airflow_queue_consumers == 0",
      // An autoscaler has to start the first worker.
      lasts: groups.some(({ autoscale }) => autoscale) ? 300 : 60,
      summary: "Messages wait in queue {{ $labels.queue }}, which no worker reads.",
    },
    WorkerIdle: {
      expr: "airflow_worker_queues == 0",
      lasts: 60,
      summary: "Worker {{ $labels.worker }} is online and reads no queue.",
    },
  };
}

/** Returns the alerts of a stack, by name. Thresholds follow from the stack's own numbers. */
export function alertsOf(settings: Alerting): Readonly<Record<string, Alert>> {
  const silent = [...others(settings), ...triggerersOf(settings.groups).map(({ name }) => name)];
  return {
    SchedulerSilent: {
      expr: `airflow_heartbeat_age_seconds{role="scheduler"} > ${timings.jobMissed}`,
      lasts: missed,
      summary: "No scheduler has a heartbeat: no task is queued.",
    },
    RoleSilent: {
      expr: `airflow_heartbeat_age_seconds{role=~"${silent.join("|")}"} > ${timings.jobMissed}`,
      // A deployment replaces the only instance of a role.
      lasts: 120,
      summary: "No {{ $labels.role }} has a heartbeat.",
    },
    ...aboutQueues(settings),
    TasksLost: {
      expr: "airflow_tasks_lost >= 3",
      lasts: 0,
      summary: "Three running tasks lost their worker or their heartbeats within 10 minutes.",
    },
    PublishFails: {
      expr: "airflow_tasks_unsent > 0",
      lasts: missed,
      summary: "Queued tasks have no message in the broker.",
    },
    ImportErrors: {
      expr: "airflow_import_errors > 0",
      lasts: 600,
      summary: "DAG files have had import errors for 10 minutes.",
    },
    BrokerFull: {
      expr: `airflow_broker_memory_bytes / airflow_broker_memory_limit_bytes > ${shares.memory} or airflow_broker_writes == 0`,
      lasts: missed,
      summary: "Redis uses more than 80 % of its memory, or its last write to the disk failed.",
    },
    ConnectionsShort: {
      // A stack with many busy workers may have all connections of its budget open.
      expr:
        "airflow_database_connections > airflow_database_connections_budget or " +
        `airflow_database_connections_free < ${fewConnections}`,
      lasts: 60,
      summary: "Postgres has clients besides the stack's under its login, or hardly accepts another one.",
    },
    DiskFull: {
      expr: `airflow_volume_free_ratio < ${shares.free}`,
      lasts: 60,
      summary: "Less than 15 % of the disk of {{ $labels.volume }} is free.",
    },
    CertificateEnds: {
      expr: `airflow_certificate_end_seconds - time() < ${14 * day}`,
      lasts: 0,
      summary: "The certificate {{ $labels.certificate }} expires within 14 days.",
    },
    SourceSilent: {
      // A Prometheus outside the stack forgets a target that is gone.
      expr: 'airflow_source_up == 0 or up{job="airflow"} == 0 or absent(up{job="airflow"})',
      lasts: 2 * missed,
      summary:
        "The exporter {{ with $labels.source }}cannot read the {{ . }}{{ else }}does not answer{{ end }}: alerts that depend on it cannot fire.",
    },
    ...optional(settings),
  };
}

/** Returns the alerts of a stack as rules of Prometheus. */
export function alertRules(settings: Alerting): AlertRule[] {
  return Object.entries(alertsOf(settings)).map(([alert, { expr, lasts, summary }]) => ({
    alert,
    expr,
    for: `${lasts}s`,
    annotations: { summary, runbook: `docs/monitoring.md#${alert.toLowerCase()}` },
  }));
}

/** Renders the rules file of Prometheus, as JSON, which is YAML. */
export function rulesFile(settings: Alerting): string {
  const watchdog = settings.monitoring?.alerts?.watchdog === undefined ? [] : [watchdogRule];
  const rules = [...alertRules(settings), ...watchdog];
  return JSON.stringify({ groups: [{ name: "airflow", interval: "15s", rules }] }, null, 2);
}
