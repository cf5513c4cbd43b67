import { timings } from "../../../settings/model/timings.ts";
import { absenceFiles, absenceModule } from "../absence/absence.ts";
import { admissionFiles, admissionModule } from "../admission/admission.ts";
import { webserverHeartbeat } from "../heartbeat/heartbeat.ts";
import { routesFiles, routesModules } from "../routes/routes.ts";
import { type AirflowVersion, logServers } from "./version.ts";

/** Tasks report to the webserver's execution API; the DAG processor reads DAG files. */
export const airflow3: AirflowVersion = {
  usesExecutionApi: true,
  asyncDatabase: true,
  keys: [
    {
      section: "api_auth",
      key: "jwt_private_key_path",
      secret: "jwtSecret",
      delivery: "path",
      roles: ["scheduler", "webserver"],
    },
    { section: "api_auth", key: "trusted_jwks_url", secret: "jwks", delivery: "path", roles: ["webserver"] },
    // Signs the webserver's requests for task logs to the roles that serve them.
    {
      section: "api",
      key: "secret_key",
      secret: "apiSecretKey",
      delivery: "command",
      roles: ["scheduler", "webserver", ...logServers],
    },
  ],
  settings: ({ webserver, publicUrl }) => ({
    core: { execution_api_server_url: `http://${webserver.host}:${webserver.port}/execution/` },
    execution_api: { jwt_expiration_time: String(timings.taskToken) },
    scheduler: {
      task_instance_heartbeat_timeout: String(timings.heartbeatTimeout),
      task_instance_heartbeat_timeout_detection_interval: String(timings.detectionInterval),
      scheduler_idle_sleep_time: String(timings.idleSleep),
    },
    workers: {
      // Retries requests to a silent webserver for more than four minutes, 5 s apart on average.
      execution_api_retries: "50",
      execution_api_retry_wait_max: "10",
      // Long enough for a queued request: a second request would only add to the load of a busy webserver.
      execution_api_timeout: "30",
      // The fence ends a silent task by time; a number of failures says nothing about the time they took.
      max_failed_heartbeats: String(timings.heartbeatTimeout),
      min_heartbeat_interval: String(timings.heartbeatInterval),
    },
    dag_processor: { refresh_interval: String(timings.dagsRefresh) },
    api: publicUrl === undefined ? {} : { base_url: publicUrl },
  }),
  webserverConfig: "fab",
  flower: { env: {}, scratch: [] },
  webserver: {
    section: "api",
    command: (port) => ["api-server", "--port", String(port), "--proxy-headers"],
    env: {},
    // Not /monitor/health: it reports on the scheduler, which a restart here would not mend. The execution
    // API is built at its first request, which would otherwise cost the first task 3 s.
    healthy: (url, files, modules = []) => {
      const urls = [`${url}/api/v2/version`, `${url}/execution/health`];
      const added = { ...files, ...admissionFiles, ...routesFiles, ...absenceFiles };
      return webserverHeartbeat(urls, added, [admissionModule, ...routesModules, absenceModule, ...modules]);
    },
  },
};
