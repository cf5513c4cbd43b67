import { airflowOption } from "../../model/airflowOptions.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

const executors = [
  "CeleryExecutor",
  "airflow.providers.celery.executors.celery_executor.CeleryExecutor",
  "airflow.executors.celery_executor.CeleryExecutor",
];

/** Rejects any other or additional executor, which would not use the workers of the stack. */
export function executorFaults(parsed: ParsedConfig): Fault[] {
  const given = airflowOption(parsed, "core.executor");
  if (!given || executors.includes(given.value)) return [];
  const message =
    "this deploys workers of Celery, which no other executor gives tasks to: expected CeleryExecutor, or leave it out";
  return [{ path: given.path, message, given: given.value }];
}

/** Rejects a result backend in the settings: results must outlast a full, flushed or replaced broker. */
export function resultBackendFaults(parsed: ParsedConfig): Fault[] {
  const { path, value = "" } =
    airflowOption(parsed, "celery.result_backend") ??
    airflowOption(parsed, "celery.result_backend_cmd") ??
    airflowOption(parsed, "celery.result_backend_secret") ??
    {};
  if (!path) return [];
  const scheme = /^(rediss?|sentinel):/.exec(value)?.[0];
  const postgres = "expected Postgres: the stack's own, if this is left out, or postgres.resultsUrl";
  return scheme
    ? [
        {
          path,
          message: `results in Redis fill the broker until it refuses tasks, and are lost with its last second: ${postgres}`,
          given: `${scheme}//…`,
        },
      ]
    : [{ path, message: `it has a password, which is no setting: ${postgres}` }];
}
