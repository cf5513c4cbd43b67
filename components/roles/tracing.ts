import { type Role, roles } from "../../roles.ts";
import type { Settings } from "../../settings/model/groups.ts";
import type { AirflowSettings } from "../../settings/schema/airflowCfg.ts";
import { type Platform, secretsDirectory } from "../../workload.ts";
import { readSecret } from "../readSecret.ts";
import type { Extras } from "./extras.ts";

/** Roles that send spans, and connect to other servers that Airflow's options name. */
export const tracers: readonly Role[] = roles.filter((role) => role !== "migration" && role !== "flower");

/** Milliseconds for which the end of a task waits for a receiver that does not answer; Airflow's default is 30 s. */
const flushMilliseconds = 1000;

/** Sets Airflow's own options of traces and logs. */
export function observing({ tracing, logFormat }: Pick<Settings, "tracing" | "logFormat">): AirflowSettings {
  return {
    ...(tracing && {
      traces: { task_runner_flush_timeout_milliseconds: String(flushMilliseconds) },
    }),
    ...(logFormat === "json" && { logging: { json_logs: "True" } }),
  };
}

/** Sends a role's spans to the endpoint: variables of OpenTelemetry, and a file with headers, which `start.py` reads. */
export function tracingOf(
  role: Role | "all",
  { tracing }: Pick<Settings, "tracing">,
  platform: Platform,
): Partial<Pick<Extras, "env" | "secrets" | "outbound">> {
  if (!tracing || role === "all" || !tracers.includes(role)) return {};
  const { endpoint, headers } = tracing;
  return {
    env: {
      AIRFLOW__TRACES__OTEL_ON: "True",
      OTEL_SERVICE_NAME: `airflow-${role}`,
      OTEL_TRACES_EXPORTER: "otlp_proto_http",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
      ...(headers !== undefined && { OTLP_HEADERS_FILE: `${secretsDirectory}/otlp_headers` }),
    },
    ...(headers !== undefined && { secrets: { otlp_headers: readSecret(headers, platform) } }),
    outbound: true,
  };
}
