import assert from "node:assert/strict";
import { test } from "node:test";
import { logsAreRemote } from "../../../settings/model/airflowOptions.ts";
import { settingsFrom } from "../settingsFrom.ts";

type Sections = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

function read(config: Readonly<Record<string, unknown>>) {
  const raw = Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]);
  return settingsFrom(Object.fromEntries(raw), () => "stack.yaml:2");
}

const taken: readonly Sections[] = [
  { celery: { pool: "prefork", worker_enable_remote_control: true, worker_prefetch_multiplier: 2 } },
  { celery: { extra_celery_config: '{"worker_max_tasks_per_child": 10, "broker_pool_limit": 5}' } },
  { api: { base_url: "https://airflow.example.com" } },
  { api: { base_url: "http://localhost:8080/" } },
  { scheduler: { job_heartbeat_sec: 14, scheduler_heartbeat_sec: 1, scheduler_idle_sleep_time: 0.5 } },
  { scheduler: { scheduler_heartbeat_sec: 10, scheduler_health_check_threshold: 60 } },
  { triggerer: { job_heartbeat_sec: 3, triggerer_health_check_threshold: 7 } },
  { celery_broker_transport_options: { socket_timeout: 19.5 } },
  { logging: { remote_logging: false } },
  { logging: { remote_logging: true, remote_base_log_folder: "s3://logs/airflow" } },
  { logging: { remote_logging: true }, elasticsearch: { host: "https://search.example.com" } },
  { Core: { Max_Map_Length: 10 } },
  { core: { default_pool_task_slot_count: -1, max_active_tasks_per_dag: 1, unit_test_mode: false } },
  { scheduler: { num_runs: -1, use_row_level_locking: false } },
  { dag_processor: { parsing_processes: 1 }, triggerer: { queues_enabled: false } },
];

for (const settings of taken)
  test(`settings that the stack does not decide are accepted: ${JSON.stringify(settings)}`, () => {
    assert.doesNotThrow(() => read({ settings }));
  });

test("environment variables that the stack does not set are accepted", () => {
  const names =
    "TZ LANG PYTHONUNBUFFERED PYTHONWARNINGS LD_LIBRARY_PATH JAVA_HOME HOMEPAGE PATH_TO_MODEL AIRFLOW_ENV MY_CELERY_URL FLOWER_MAX_TASKS";
  const env = Object.fromEntries(names.split(" ").map((name) => [name, "x"]));
  assert.doesNotThrow(() => read({ roles: { all: { env } } }));
});

test("logs are remote whenever Airflow reads remote_logging as true, in any case of letters", () => {
  const place = { remote_base_log_folder: "s3://logs" };
  const remote = (logging: Sections[string], section = "logging") =>
    logsAreRemote(read({ settings: { [section]: { ...place, ...logging } } }));
  assert.deepEqual(
    [
      remote({ remote_logging: 1 }),
      remote({ Remote_Logging: "t" }),
      remote({ remote_logging: true }, "Logging"),
    ],
    [true, true, true],
  );
  assert.deepEqual([remote({ remote_logging: "False" }), remote({})], [false, false]);
});
