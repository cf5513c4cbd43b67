import { timings } from "../../../settings/model/timings.ts";
import { admissionFiles, admissionModule } from "../admission/admission.ts";
import { webserverHeartbeat } from "../heartbeat/heartbeat.ts";
import type { AirflowVersion } from "./version.ts";

/** Tasks report to the webserver's execution API, DAG files are read by a role of their own. */
export const airflow3: AirflowVersion = {
  roles: ["migration", "scheduler", "webserver", "dag-processor", "triggerer", "worker", "flower"],
  database: ["migration", "scheduler", "webserver", "dag-processor", "triggerer"],
  usesExecutionApi: true,
  asyncDatabase: true,
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
      // Requests to a silent webserver are tried again for more than four minutes, 5 s apart at the mean.
      execution_api_retries: "50",
      execution_api_retry_wait_max: "10",
      // A request that waits its turn is not asked a second time: on a busy webserver that would be more of what it has too much of.
      execution_api_timeout: "30",
      // The fence ends a task that nobody hears of; counted failures say nothing of the time that they took.
      max_failed_heartbeats: String(timings.heartbeatTimeout),
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
    healthy: (url, files) => {
      const urls = [`${url}/api/v2/version`, `${url}/execution/health`];
      return webserverHeartbeat(urls, { ...files, ...admissionFiles }, [admissionModule]);
    },
  },
};
