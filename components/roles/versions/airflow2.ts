import { timings } from "../../../settings/model/timings.ts";
import { runtimeDirectory } from "../../../workload.ts";
import type { AirflowVersion } from "./version.ts";

/** The scheduler reads DAG files, and tasks write to the metadata database: workers have its login and the fernet key. */
export const airflow2: AirflowVersion = {
  roles: ["migration", "scheduler", "webserver", "triggerer", "worker", "flower"],
  database: ["migration", "scheduler", "webserver", "triggerer", "worker"],
  usesExecutionApi: false,
  asyncDatabase: false,
  keys: [
    // Signs the requests for task logs, between the webserver and whoever serves them.
    {
      section: "webserver",
      key: "secret_key",
      secret: "apiSecretKey",
      where: "command",
      roles: ["webserver", "triggerer", "worker"],
    },
  ],
  settings: ({ publicUrl }) => ({
    scheduler: {
      scheduler_zombie_task_threshold: String(timings.heartbeatTimeoutOf2),
      zombie_detection_interval: String(timings.detectionInterval),
      dag_dir_list_interval: String(timings.dagsRefresh),
    },
    api: {
      auth_backends:
        "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth,airflow.api.auth.backend.session",
    },
    webserver: {
      // Every command writes a file of defaults where there is none, and may write in memory only.
      config_file: `${runtimeDirectory}/webserver_config.py`,
      // Airflow's own four take twice the memory, and the time to start.
      workers: "2",
      ...(publicUrl !== undefined && { base_url: publicUrl, enable_proxy_fix: "True" }),
    },
  }),
  // It has no database, and none of the checks that Celery's is no SQLite: without this there is no command for it.
  flower: { env: { _AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK: "1" } },
  webserver: {
    command: (port) => ["webserver", "--port", String(port), "--pid", `${runtimeDirectory}/webserver.pid`],
    // Its processes tell each other that they live by files, which should not wait for a disk.
    env: { GUNICORN_CMD_ARGS: `--worker-tmp-dir ${runtimeDirectory}` },
    healthy: (url, files) => ({
      healthy: { command: ["curl", "-fsS", "-o", "/dev/null", `${url}/health`], startSeconds: 240 },
      files,
    }),
  },
};
