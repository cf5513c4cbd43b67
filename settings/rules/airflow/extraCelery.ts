import { airflowOption } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const messages =
  "the stack reads the messages of Celery in the form that Airflow writes: expected to leave it out";

/** Options of Celery that a stack decides, with the key that does it. */
const decided: readonly (readonly [option: RegExp, message: string])[] = [
  [
    /^broker_(url|read_url|write_url|use_ssl|transport|login_method)$/,
    "tasks are queued in the stack's Redis: expected redis.url",
  ],
  [/^broker_transport_options$/, "expected settings.celery_broker_transport_options"],
  [
    /^broker_(connection_(retry|retry_on_startup|max_retries)|failover_strategy)$/,
    "a worker waits for a lost broker without an end: expected to leave it out",
  ],
  [/^(result_backend|database_url)$/, "results are in the stack's Postgres: expected postgres.resultsUrl"],
  [/^result_backend_transport_options$/, "expected settings.celery_result_backend_transport_options"],
  [/^(database_engine_options)$/, "expected settings.celery.result_backend_sqlalchemy_engine_options"],
  [/^task_ignore_result$/, "the scheduler reads the results: expected to leave it out"],
  [/^worker_pool$/, "a task runs in a process that can be ended alone: expected to leave it out"],
  [/^worker_(concurrency|autoscale|autoscaler)$/, "expected workerConcurrency and workerMinConcurrency"],
  [
    /^worker_enable_remote_control$/,
    "npm run prove and Flower ask workers this way: expected to leave it out",
  ],
  [
    /^(worker_prefetch_multiplier|task_acks_late|task_track_started)$/,
    "expected settings.celery, which has a key of this name",
  ],
  [
    /^task_(queues|routes|default_queue|default_exchange|default_routing_key|create_missing_queues)$/,
    "expected workerGroups with queues, and settings.operators.default_queue",
  ],
  [/^task_always_eager$/, "tasks would run in the scheduler: expected to leave it out"],
  [/^(accept_content|task_protocol|task_serializer|event_serializer|result_serializer)$/, messages],
];

/** Reads an object of JSON; undefined for any other text. */
function optionsOf(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.keys(value)
      : undefined;
  } catch {
    return;
  }
}

function complaint(option: string): string | undefined {
  if (option !== option.toLowerCase())
    return "Celery takes no old names beside those of Airflow: expected its present name, in lower case";
  return decided.find(([pattern]) => pattern.test(option))?.[1];
}

/** Rejects options of Celery that go past the stack's own. */
export const extraCeleryRule = rule(["settings.celery.extra_celery_config"], (parsed) => {
  const given = airflowOption(parsed, "celery.extra_celery_config");
  if (!given) return [];
  const { path, value } = given;
  const options = optionsOf(value);
  if (!options)
    return faultAt(
      path,
      `expected an object of JSON as a text, such as '{"worker_max_tasks_per_child": 100}'`,
    );
  return options.flatMap((option) => {
    const why = complaint(option);
    return faultAt(path, why && `its ${option} goes past the stack: ${why}`);
  });
});
