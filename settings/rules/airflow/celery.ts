import { airflowOption, isTrue } from "../../model/airflowOptions.ts";
import { rule } from "../rule.ts";

const executors = [
  "CeleryExecutor",
  "airflow.providers.celery.executors.celery_executor.CeleryExecutor",
  "airflow.executors.celery_executor.CeleryExecutor",
];

/** Rejects any other or additional executor, which would not use the workers of the stack. */
const executor = rule(["settings.core.executor"], (parsed) => {
  const given = airflowOption(parsed, "core.executor");
  if (!given || executors.includes(given.value)) return [];
  const message =
    "this deploys workers of Celery, which no other executor gives tasks to: expected CeleryExecutor, or leave it out";
  return [{ path: given.path, message, given: given.value }];
});

const backends = [
  "celery.result_backend",
  "celery.result_backend_cmd",
  "celery.result_backend_secret",
] as const;

/** Rejects a result backend in the settings: results must outlast a full, flushed or replaced broker. */
const resultBackend = rule(
  backends.map((name) => `settings.${name}` as const),
  (parsed) => {
    const [given] = backends.flatMap((name) => airflowOption(parsed, name) ?? []);
    const { path, value = "" } = given ?? {};
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
  },
);

/** Rejects pools without processes: the fence ends the process of a task, and a busy `solo` worker misses heartbeats. */
const pool = rule(["settings.celery.pool"], (parsed) => {
  const given = airflowOption(parsed, "celery.pool");
  if (!given || ["prefork", "processes"].includes(given.value)) return [];
  const message =
    "a task runs in a process that can be ended alone while its worker shows that it lives: expected prefork, " +
    "with workerConcurrency: 1 for one task at a time";
  return [{ path: given.path, message, given: given.value }];
});

/** Rejects workers that cannot be asked. */
const remoteControl = rule(["settings.celery.worker_enable_remote_control"], (parsed) => {
  const given = airflowOption(parsed, "celery.worker_enable_remote_control");
  if (!given || isTrue(given.value)) return [];
  const message = "npm run prove and Flower ask workers this way: expected True, or leave it out";
  return [{ path: given.path, message, given: given.value }];
});

export const celeryRules = [executor, resultBackend, pool, remoteControl];
