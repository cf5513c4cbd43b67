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
    : "the stack deploys Celery workers, to which no other executor gives tasks: expected CeleryExecutor, or no value",
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
    const problem = scheme
      ? "results in Redis would fill the broker until it refuses tasks, and a crash would lose the last second of them"
      : "it contains a password, which must not be a setting";
    const message = `${problem}: expected no value, for the stack's own Postgres, or postgres.resultsUrl`;
    return faultAt(given.path, message, scheme && `${scheme}//…`);
  },
);

/** Rejects pools without processes: the fence ends a task's process, and a busy `solo` worker misses heartbeats. */
const pool = optionRule("celery.pool", (value) =>
  ["prefork", "processes"].includes(value)
    ? undefined
    : "a worker must be able to end one task's process and still send heartbeats: expected prefork, " +
      "with workerConcurrency: 1 for one task at a time",
);

/** Rejects workers without remote control, which neither Flower nor the proof could query. */
const remoteControl = optionRule("celery.worker_enable_remote_control", (value) =>
  isTrue(value) ? undefined : "npm run prove and Flower query workers this way: expected True, or no value",
);

export const celeryRules = [executor, resultBackend, pool, remoteControl];
