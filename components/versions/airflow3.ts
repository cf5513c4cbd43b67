import { timings } from "../../settings/timings.ts";
import type { AirflowVersion } from "./version.ts";

/** Tasks report to the webserver's execution API, DAG files are read by a role of their own. */
export const airflow3: AirflowVersion = {
  roles: ["migration", "scheduler", "webserver", "dag-processor", "triggerer", "worker", "flower"],
  database: ["migration", "scheduler", "webserver", "dag-processor", "triggerer"],
  tasksReport: true,
  waitsForNone: true,
  keys: [
    {
      section: "api_auth",
      key: "jwt_private_key_path",
      secret: "jwtSecret",
      where: "path",
      roles: ["scheduler", "webserver"],
    },
    { section: "api_auth", key: "trusted_jwks_url", secret: "jwks", where: "path", roles: ["webserver"] },
    // Signs the requests for task logs, between the webserver and whoever serves them.
    {
      section: "api",
      key: "secret_key",
      secret: "apiSecretKey",
      where: "command",
      roles: ["scheduler", "webserver", "triggerer", "worker"],
    },
  ],
  settings: ({ webserver, publicUrl }) => ({
    core: { execution_api_server_url: `http://${webserver.host}:${webserver.port}/execution/` },
    scheduler: {
      task_instance_heartbeat_timeout: String(timings.heartbeatTimeout),
      task_instance_heartbeat_timeout_detection_interval: String(timings.detectionInterval),
    },
    workers: {
      // Tasks outlast a restart of the webserver, which takes a minute on a busy machine: they ask for three, every few seconds.
      max_failed_heartbeats: "30",
      execution_api_retries: "60",
      execution_api_retry_wait_max: "5",
      // A finished task may hold its place for this long: with Airflow's own 5 s, 200 tasks took 92 s instead of 45.
      min_heartbeat_interval: String(timings.heartbeatInterval),
    },
    dag_processor: { refresh_interval: String(timings.dagsRefresh) },
    api: publicUrl === undefined ? {} : { base_url: publicUrl },
  }),
  flower: { env: {} },
  webserver: {
    command: (port) => ["api-server", "--port", String(port), "--proxy-headers"],
    env: {},
    // Not /monitor/health: that speaks of the scheduler, which a restart here would not mend. The execution API is
    // made at its first request, which would otherwise cost the first task 3 s.
    probes: ["/api/v2/version", "/execution/health"],
  },
};
