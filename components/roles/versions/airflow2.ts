import { timings } from "../../../settings/model/timings.ts";
import { runtimeDirectory } from "../../../workload.ts";
import { cookieFiles, cookieModule } from "../admission/admission.ts";
import { answersAt } from "../heartbeat/heartbeat.ts";
import { localSettings } from "../localSettings/localSettings.ts";
import { type AirflowVersion, logServers } from "./version.ts";

/** The scheduler reads DAG files; tasks write to the metadata: workers have its login and the fernet key. */
export const airflow2: AirflowVersion = {
  usesExecutionApi: false,
  asyncDatabase: false,
  keys: [
    // Signs the webserver's requests for task logs to the roles that serve them.
    {
      section: "webserver",
      key: "secret_key",
      secret: "apiSecretKey",
      delivery: "command",
      roles: ["webserver", ...logServers],
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
      // Every command writes a default file if there is none, and only memory is writable.
      config_file: `${runtimeDirectory}/webserver_config.py`,
      // Airflow's default of 4 takes twice the memory and twice the time to start.
      workers: "2",
      ...(publicUrl !== undefined && { base_url: publicUrl, enable_proxy_fix: "True" }),
    },
  }),
  webserverConfig: "webserver",
  // Flower has no database; without this variable, Airflow's check against SQLite hides Flower's command.
  flower: {
    env: { _AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK: "1" },
    // Every command makes a folder for the logs of DAG files, and Flower has no volume of logs.
    scratch: ["/opt/airflow/logs"],
  },
  webserver: {
    section: "webserver",
    command: (port) => ["webserver", "--port", String(port), "--pid", `${runtimeDirectory}/webserver.pid`],
    // Gunicorn's processes prove by files that they are alive; writing such a file should not wait for a disk.
    env: { GUNICORN_CMD_ARGS: `--worker-tmp-dir ${runtimeDirectory}` },
    healthy: (url, files) => ({
      healthy: { command: answersAt(`${url}/health`), startSeconds: 240 },
      files: localSettings({ ...files, ...cookieFiles }, [cookieModule]),
    }),
  },
};
