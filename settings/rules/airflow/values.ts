import { airflowOption, airflowOptions, isTrue } from "../../model/airflowOptions.ts";
import { knownSettings, type ValueType } from "../../model/known.ts";
import { faultAt } from "../fault.ts";
import { type Rule, rule } from "../rule.ts";
import { optionRule } from "./option.ts";

/** Reads a number as Python does, which allows `_` between digits; NaN if the text is none. */
function pythonNumber(text: string): number {
  const trimmed = text.trim();
  const isNumber = /^[+-]?(\d+(_\d+)*\.?|\d*\.\d+)(e[+-]?\d+)?$/i.test(trimmed);
  return isNumber ? Number(trimmed.replaceAll("_", "")) : Number.NaN;
}

/** Checks of texts that Airflow converts, and what is expected of them. */
const types: Readonly<Record<ValueType, readonly [accepts: (text: string) => boolean, expected: string]>> = {
  // Airflow ignores a comment behind a boolean.
  boolean: [(text) => /^(t|true|1|f|false|0)$/i.test(text.replace(/#.*/s, "").trim()), "true or false"],
  integer: [(text) => Number.isInteger(pythonNumber(text)), "a whole number"],
  float: [
    (text) => !Number.isNaN(pythonNumber(text)) || /^[+-]?(inf(inity)?|nan)$/i.test(text.trim()),
    "a number",
  ],
};

/** Rejects values that keep Airflow from starting, since it cannot convert them or knows others only. */
const convertible = rule(["version", "settings.*.*"], (parsed) => {
  const known = knownSettings(parsed.version);
  if (!known) return [];
  return [...airflowOptions(parsed)].flatMap(([name, { path, value }]) => {
    const choices = known.choices.get(name);
    const type = known.types.get(name);
    const [accepts, expected] = type === undefined ? [] : types[type];
    if (choices && !choices.includes(value)) {
      const named = choices.map((choice) => (choice === "" ? "no text" : choice));
      return faultAt(path, `expected ${named.join(", ")}`, value);
    }
    const problem = !accepts || accepts(value) ? undefined : `expected ${expected}`;
    return faultAt(path, problem, value === "" ? "empty text" : value);
  });
});

/** Rejects a time zone that Airflow does not know: it would use UTC without a word. `system` is the container's. */
const timezone = rule(["version", "settings.core.default_timezone"], (parsed) => {
  const given = airflowOption(parsed, "core.default_timezone");
  const known = knownSettings(parsed.version);
  if (!given || !known || ["system", "utc"].includes(given.value) || known.timezones.has(given.value))
    return [];
  return faultAt(
    given.path,
    "expected the name of a time zone, such as Europe/Berlin, or system",
    given.value,
  );
});

/** Numbers that Airflow takes as a limit even if they are 0, with what then never happens. */
const limits: Readonly<Record<`${string}.${string}`, string>> = {
  "api.maximum_page_limit": "lists would be empty",
  "api.workers": "no webserver would answer",
  "api_auth.jwt_cli_expiration_time": "logins would end at once",
  "api_auth.jwt_expiration_time": "logins would end at once",
  "core.dag_file_processor_timeout": "no DAG file would be read to its end",
  "core.max_active_runs_per_dag": "no run would start",
  "core.max_active_tasks_per_dag": "no task would start",
  "dag_processor.dag_file_processor_timeout": "no DAG file would be read to its end",
  "dag_processor.max_callbacks_per_loop": "no callback would run",
  "dag_processor.parsing_processes": "no DAG file would be read",
  "dag_processor.stale_dag_threshold": "each DAG would go after each reading of its file",
  "scheduler.max_callbacks_per_loop": "no callback would run",
  "scheduler.max_dagruns_per_loop_to_schedule": "no run would go on",
  "scheduler.max_dagruns_to_create_per_loop": "no run would be created",
  "scheduler.parsing_processes": "no DAG file would be read",
  "scheduler.scheduler_zombie_task_threshold": "every running task would fail",
  "scheduler.stale_dag_threshold": "each DAG would go after each reading of its file",
  "scheduler.task_instance_heartbeat_timeout": "every running task would fail",
  "scheduler.task_queued_timeout": "every queued task would fail",
  "triggerer.max_trigger_to_select_per_loop": "no deferred task would go on",
  "webserver.workers": "no webserver would answer",
  "workers.execution_api_timeout": "no request of a task would have an answer",
};

/** Intervals of the scheduler's timers, whose loop never gets to anything else if one is always due. */
const timers = [
  "dagrun_metrics_interval",
  "orphaned_tasks_check_interval",
  "parsing_cleanup_interval",
  "pool_metrics_interval",
  "task_instance_heartbeat_timeout_detection_interval",
  "task_queued_timeout_check_interval",
  "ti_metrics_interval",
  "trigger_timeout_check_interval",
  "zombie_detection_interval",
].map((key) =>
  optionRule(`scheduler.${key}`, (value) =>
    pythonNumber(value) <= 0 ? "the scheduler would do nothing else: expected more than 0" : undefined,
  ),
);

/** Rejects a limit below 1: Airflow starts with it, and waits without a word. */
export function atLeastOne(name: `${string}.${string}`, effect: string): Rule {
  return optionRule(name, (value) => (pythonNumber(value) < 1 ? `${effect}: expected 1 or more` : undefined));
}

const enoughToRun = Object.entries(limits).map(([name, effect]) =>
  atLeastOne(name as keyof typeof limits, effect),
);

/** Rejects a negative number of tasks for each query, with which the scheduler makes none; 0 is no limit. */
const tasksPerQuery = optionRule("scheduler.max_tis_per_query", (value) =>
  pythonNumber(value) < 0 ? "no task would be queued: expected 1 or more, or 0 for no limit" : undefined,
);

/** Rejects another user for tasks: Airflow changes to it by sudo, which no container allows. */
const impersonation = optionRule("core.default_impersonation", (value) =>
  value.trim() === ""
    ? undefined
    : "roles cannot become another user, so every task would fail: expected no value",
);

/** Rejects a default pool without slots; -1 is no limit. */
const defaultPool = optionRule("core.default_pool_task_slot_count", (value) =>
  pythonNumber(value) === 0
    ? "no task of the default pool would start: expected 1 or more, or -1 for no limit"
    : undefined,
);

/** Rejects a scheduler that ends by itself: its container would start again and again. */
const endless = optionRule("scheduler.num_runs", (value) =>
  pythonNumber(value) > 0
    ? "the scheduler would end after so many loops, and start anew each time: expected -1, or no value"
    : undefined,
);

/** Rejects queues of all triggers: only triggerers of groups read queues. */
const triggerQueues = optionRule("triggerer.queues_enabled", (value) =>
  isTrue(value)
    ? "the stack's triggerers read triggers without a queue, so other workers' deferred tasks would wait: expected workerGroups[].triggerers, for the groups that need triggerers of their own"
    : undefined,
);

/** Rejects the mode of Airflow's own tests, which replaces keys and connections by those of the tests. */
const unitTests = optionRule("core.unit_test_mode", (value) =>
  isTrue(value) ? "Airflow would use the keys of its own tests: expected False, or no value" : undefined,
);

/** Rejects a way to start processes that Python does not know: Airflow would not start. */
const startMethod = optionRule("core.mp_start_method", (value) =>
  ["fork", "spawn", "forkserver"].includes(value) ? undefined : "expected fork, spawn or forkserver",
);

/** Rejects numbers of ports that no port has; a name with `x_port` counts proxies. */
const ports = rule(["version", "settings.*.*"], (parsed) => {
  const types = knownSettings(parsed.version)?.types;
  return [...airflowOptions(parsed)].flatMap(([name, { path, value }]) => {
    const number = pythonNumber(value);
    const isPort = /(?<!_x_)port$/.test(name) && types?.get(name) === "integer";
    const isWrong = isPort && (number < 1 || number > 65_535);
    return faultAt(path, isWrong ? "expected a port from 1 to 65535" : undefined, value);
  });
});

/** Rejects several schedulers without locks: they would queue the same tasks. */
const locks = rule(["settings.scheduler.use_row_level_locking", "schedulers"], (parsed) => {
  const given = airflowOption(parsed, "scheduler.use_row_level_locking");
  const { schedulers } = parsed;
  if (!given || schedulers === 1 || isTrue(given.value)) return [];
  const message = `${schedulers} schedulers would queue the same tasks: expected True, or no value`;
  return [{ path: given.path, message, given: given.value }];
});

export const valueRules = [
  convertible,
  timezone,
  ...enoughToRun,
  ...timers,
  tasksPerQuery,
  impersonation,
  defaultPool,
  endless,
  triggerQueues,
  unitTests,
  startMethod,
  ports,
  locks,
];
