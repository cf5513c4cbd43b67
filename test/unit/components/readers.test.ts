import assert from "node:assert/strict";
import { test } from "node:test";
import { rolesIn } from "../../../settings/schema/versions.ts";
import { controlRoles } from "../../roleNames.ts";
import { clusterWithImage } from "../cluster.ts";
import { declare } from "../mocks.ts";
import type { Config } from "../settingsFrom.ts";

const platforms: Readonly<Record<string, Config>> = {
  docker: { workers: 1 },
  kubernetes: { ...clusterWithImage, workers: 1 },
};

const everyRole = [...controlRoles, "worker"];

/** Changed settings of a stack, with the roles that the change replaces. */
const changes: readonly (readonly [Config, readonly string[]])[] = [
  [{ scheduler: { scheduler_idle_sleep_time: "0.7" } }, ["scheduler"]],
  [{ SCHEDULER: { Pool_Metrics_Interval: "9" } }, ["scheduler"]],
  [{ scheduler: { parsing_cleanup_interval: "90" } }, ["dag-processor", "scheduler"]],
  [{ dag_processor: { parsing_processes: "3" } }, ["dag-processor"]],
  [{ triggerer: { capacity: "50" } }, ["triggerer"]],
  [{ api: { theme: "{}" } }, ["webserver"]],
  [{ api: { instance_name: "A" } }, everyRole],
  // Jobs of every role compare a heartbeat's age with this threshold; tasks, DAG files and plugins read the settings below.
  [{ scheduler: { scheduler_health_check_threshold: "40" } }, everyRole],
  [{ core: { max_active_runs_per_dag: "3" } }, everyRole],
  [{ logging: { logging_level: "DEBUG" } }, everyRole],
  [{ dag_processor: { dag_bundle_storage_path: "/tmp/bundles" } }, everyRole],
];

async function inputsOf(config: Config): Promise<ReadonlyMap<string, string>> {
  const declared = await declare(config);
  return new Map(declared.map(({ type, name, inputs }) => [`${type} ${name}`, JSON.stringify(inputs)]));
}

/** Lists the roles whose containers or pods differ between two stacks. */
async function replaced(old: ReadonlyMap<string, string>, config: Config): Promise<string[]> {
  const changed = [...(await inputsOf(config))].filter(([name, inputs]) => old.get(name) !== inputs);
  const names = changed.map(([name]) => name.replace(/^.* /, "").replace(/-\d$/, ""));
  return [...new Set(names)].sort();
}

for (const [platform, config] of Object.entries(platforms)) {
  test(`a changed setting replaces the roles that read it, and no other (${platform})`, async () => {
    const old = await inputsOf(config);
    for (const [settings, roles] of changes)
      assert.deepEqual(await replaced(old, { ...config, settings }), roles, JSON.stringify(settings));
  });
}

test("a changed setting of Airflow 2 replaces the roles that read it, and no other", async () => {
  const config = { version: "2.11.2", workers: 1 };
  const old = await inputsOf(config);
  const everyOlderRole = rolesIn(config.version).toSorted();
  assert.deepEqual(await replaced(old, { ...config, settings: { scheduler: { parsing_processes: "3" } } }), [
    "scheduler",
  ]);
  assert.deepEqual(await replaced(old, { ...config, settings: { webserver: { navbar_color: "#fff" } } }), [
    "webserver",
  ]);
  assert.deepEqual(
    await replaced(old, { ...config, settings: { core: { max_active_runs_per_dag: "3" } } }),
    everyOlderRole,
  );
});

test("a webserver that displays the configuration gets the settings of every role", async () => {
  const config = { workers: 1, settings: { api: { expose_config: "non-sensitive-only" } } };
  const old = await inputsOf(config);
  const settings = { ...config.settings, triggerer: { capacity: "50" } };
  assert.deepEqual(await replaced(old, { ...config, settings }), ["triggerer", "webserver"]);
});
