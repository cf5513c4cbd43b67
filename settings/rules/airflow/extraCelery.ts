import { airflowOption } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const messages = "the stack reads Celery's messages in Airflow's format: expected no value; remove it";

/** Options of Celery that the stack decides, each with the key to use instead. */
const decided: readonly (readonly [option: RegExp, message: string])[] = [
  [
    /^broker_(url|read_url|write_url|use_ssl|transport|login_method)$/,
    "tasks are queued in the stack's Redis: expected redis.url",
  ],
  [/^broker_transport_options$/, "expected settings.celery_broker_transport_options"],
  [
    /^broker_(connection_(retry|retry_on_startup|max_retries)|failover_strategy)$/,
    "a worker waits for a lost broker without a limit: expected no value; remove it",
  ],
  [/^(result_backend|database_url)$/, "results are in the stack's Postgres: expected postgres.resultsUrl"],
  [/^result_backend_transport_options$/, "expected settings.celery_result_backend_transport_options"],
  [/^(database_engine_options)$/, "expected settings.celery.result_backend_sqlalchemy_engine_options"],
  [/^task_ignore_result$/, "the scheduler reads the results: expected no value; remove it"],
  [/^worker_pool$/, "a worker must be able to end one task's process: expected no value; remove it"],
  [/^worker_(concurrency|autoscale|autoscaler)$/, "expected workerConcurrency and workerMinConcurrency"],
  [
    /^worker_enable_remote_control$/,
    "npm run prove and Flower query workers this way: expected no value; remove it",
  ],
  [
    /^(worker_prefetch_multiplier|task_acks_late|task_track_started)$/,
    "expected settings.celery, which has a key of this name",
  ],
  [
    /^task_(queues|routes|default_queue|default_exchange|default_routing_key|create_missing_queues)$/,
    "expected workerGroups with queues, and settings.operators.default_queue",
  ],
  [/^task_always_eager$/, "tasks would run in the scheduler: expected no value; remove it"],
  [/^(accept_content|task_protocol|task_serializer|event_serializer|result_serializer)$/, messages],
];

/** Lists the keys of a JSON object; undefined for any other text. */
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

function problem(option: string): string | undefined {
  if (option !== option.toLowerCase())
    return "Celery rejects a mix of old names and Airflow's new ones: expected the option's new name, in lower case";
  return decided.find(([pattern]) => pattern.test(option))?.[1];
}

/** Rejects options of Celery that bypass the stack's own. */
export const extraCeleryRule = rule(["settings.celery.extra_celery_config"], (parsed) => {
  const given = airflowOption(parsed, "celery.extra_celery_config");
  if (!given) return [];
  const { path, value } = given;
  const options = optionsOf(value);
  if (!options)
    return faultAt(path, `expected a JSON object as text, such as '{"worker_max_tasks_per_child": 100}'`);
  return options.flatMap((option) => {
    const reason = problem(option);
    return faultAt(path, reason && `its ${option} bypasses the stack: ${reason}`);
  });
});
