import { airflowOption, isTrue } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { optionRule } from "./option.ts";

const executors = [
  "CeleryExecutor",
  "airflow.providers.celery.executors.celery_executor.CeleryExecutor",
  "airflow.executors.celery_executor.CeleryExecutor",
];

/** Rejects any other or additional executor, which would not use the workers of the stack. */
const executor = optionRule("core.executor", (value) =>
  executors.includes(value)
    ? undefined
    : "this deploys workers of Celery, which no other executor gives tasks to: expected CeleryExecutor, or leave it out",
);

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
    if (!given) return [];
    const scheme = /^(rediss?|sentinel):/.exec(given.value)?.[0];
    const why = scheme
      ? "results in Redis fill the broker until it refuses tasks, and are lost with its last second"
      : "it has a password, which is no setting";
    const message = `${why}: expected Postgres: the stack's own, if this is left out, or postgres.resultsUrl`;
    return faultAt(given.path, message, scheme && `${scheme}//…`);
  },
);

/** Rejects pools without processes: the fence ends the process of a task, and a busy `solo` worker misses heartbeats. */
const pool = optionRule("celery.pool", (value) =>
  ["prefork", "processes"].includes(value)
    ? undefined
    : "a task runs in a process that can be ended alone while its worker shows that it lives: expected prefork, " +
      "with workerConcurrency: 1 for one task at a time",
);

/** Rejects workers that cannot be asked. */
const remoteControl = optionRule("celery.worker_enable_remote_control", (value) =>
  isTrue(value) ? undefined : "npm run prove and Flower ask workers this way: expected True, or leave it out",
);

export const celeryRules = [executor, resultBackend, pool, remoteControl];
