/** A family of the exporter's series. All are gauges: a counter would start from 0 whenever the exporter does. */
export interface Family {
  readonly help: string;
  readonly labels: readonly string[];
  /** Source from which the exporter reads the series. */
  readonly source: "broker" | "database" | "volumes" | "stack file" | "itself";
}

function family(source: Family["source"], help: string, ...labels: string[]): Family {
  return { help, labels, source };
}

/** Families of the exporter, by name; the docs, the exporter, alerts and dashboards follow from the table. */
export const families = {
  airflow_queue_length: family("broker", "Messages that wait in a queue.", "queue"),
  airflow_queue_oldest_seconds: family(
    "broker",
    "Age of the oldest message of a queue, 0 if it is empty.",
    "queue",
  ),
  airflow_queue_consumers: family("broker", "Workers that read a queue.", "queue"),
  airflow_queue_unacknowledged: family(
    "broker",
    "Messages that workers hold and have not finished.",
    "queue",
  ),
  airflow_queue_places: family(
    "broker",
    "Task places of the workers that read a queue, busy or free.",
    "queue",
    "state",
  ),
  airflow_worker_queues: family("broker", "Queues that a worker reads.", "worker"),
  airflow_worker_places: family("broker", "Task places of a worker, busy or free.", "worker", "state"),
  airflow_broker_memory_bytes: family("broker", "Memory that Redis uses."),
  airflow_broker_memory_limit_bytes: family("broker", "Memory above which Redis refuses messages."),
  airflow_broker_writes: family("broker", "1 if the last write of Redis to its disk succeeded, otherwise 0."),
  airflow_database_connections: family("database", "Connections of the stack to Postgres."),
  airflow_database_connections_budget: family("stack file", "Connections that the stack may open at most."),
  airflow_database_connections_free: family(
    "database",
    "Connections that Postgres accepts besides all that are open, including other clients'.",
  ),
  airflow_database_bytes: family("database", "Size of the database with the metadata."),
  airflow_runs: family("database", "DAG runs that are queued or running.", "state"),
  airflow_tasks: family("database", "Unfinished task instances, by state.", "state"),
  airflow_tasks_unsent: family(
    "database",
    "Tasks that have been queued for 30 s and have no message in the broker.",
  ),
  airflow_tasks_lost: family(
    "database",
    "Running tasks whose worker died or whose heartbeats stopped, in the last 10 minutes.",
  ),
  airflow_heartbeat_age_seconds: family(
    "database",
    "Seconds since the last heartbeat of any instance of a role, or of a group's own triggerers.",
    "role",
  ),
  airflow_import_errors: family("database", "DAG files that cannot be imported."),
  airflow_canary_success: family("database", "1 if the last proof succeeded, otherwise 0."),
  airflow_canary_time_seconds: family(
    "database",
    "End of the last proof, in seconds since 1970; 0 if there is none.",
  ),
  airflow_canary_duration_seconds: family("database", "Duration of the last proof, from trigger to end."),
  airflow_backup_time_seconds: family(
    "database",
    "Time of the last proven backup, in seconds since 1970; 0 if there is none.",
  ),
  airflow_backup_moment_seconds: family(
    "database",
    "Last moment that can be restored, in seconds since 1970; 0 if there is none.",
  ),
  airflow_backup_base_seconds: family(
    "database",
    "Time of the last base of continuous backups, in seconds since 1970; 0 if there is none.",
  ),
  airflow_volume_free_ratio: family(
    "volumes",
    "Free part of the disk of a volume or of the engine, from 0 to 1.",
    "volume",
  ),
  airflow_certificate_end_seconds: family(
    "stack file",
    "Expiry of a certificate, in seconds since 1970.",
    "certificate",
  ),
  airflow_source_up: family("itself", "1 if the exporter could read a source, otherwise 0.", "source"),
} as const satisfies Readonly<Record<string, Family>>;
