import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { knownSettings } from "../../../settings/model/known.ts";
import type { Uploads } from "../containers.ts";
import { containersOf, declare } from "../mocks.ts";

async function declared(config: Parameters<typeof declare>[0] = {}) {
  const containers = containersOf(await declare(config));
  return new Map(
    [...containers].map(([name, { envs, uploads }]) => {
      const pairs = (envs as string[]).map((line) => [
        line.slice(0, line.indexOf("=")),
        line.slice(line.indexOf("=") + 1),
      ]);
      const env: Record<string, string> = Object.fromEntries(pairs);
      const secrets = (uploads as Uploads).filter(({ file }) => file.startsWith("/run/secrets/"));
      return [name, { env, secrets: secrets.map(({ file }) => file.slice("/run/secrets/".length)).sort() }];
    }),
  );
}

test("each role gets the secrets that it needs, and no others", async () => {
  const secrets = [...(await declared({ workers: 1 }))].map(([name, role]) => [name, role.secrets]);
  assert.deepEqual(Object.fromEntries(secrets), {
    redis: ["users.acl"],
    postgres: ["metadata_password", "postgres_password", "results_password"],
    migration: ["admin_password", "fernet_key", "sql_alchemy_conn"],
    scheduler: [
      "broker_url",
      "fernet_key",
      "jwt_private_key_path",
      "result_backend",
      "secret_key",
      "sql_alchemy_conn",
    ],
    webserver: ["fernet_key", "jwt_private_key_path", "secret_key", "sql_alchemy_conn", "trusted_jwks_url"],
    "dag-processor": ["fernet_key", "sql_alchemy_conn"],
    triggerer: ["fernet_key", "secret_key", "sql_alchemy_conn"],
    flower: ["broker_url", "flower_basic_auth"],
    "worker-1": ["broker_url", "result_backend", "secret_key"],
  });
});

test("every command and path for a secret leads to a file that the role gets", async () => {
  let references = 0;
  for (const [name, { env, secrets }] of await declared()) {
    const commands = Object.entries(env).filter(([key]) => key.endsWith("_CMD"));
    for (const [key, command] of commands) {
      const file = command.replace("cat /run/secrets/", "");
      assert.ok(secrets.includes(file), `${name} ${key}`);
      assert.ok(key.toLowerCase().endsWith(`__${file}_cmd`), `${name} ${key}`);
    }
    const paths = Object.entries(env).filter(([, value]) => value.startsWith("/run/secrets/"));
    for (const [key, path] of paths)
      assert.ok(secrets.includes(path.replace("/run/secrets/", "")), `${name} ${key}`);
    references += commands.length + paths.length;
  }
  assert.ok(references > 10, `${references} references`);
});

test("a setting of the stack, in any case of letters, overrides a default and reaches the roles that read its section", async () => {
  const settings = {
    core: { default_task_retries: "7" },
    Celery: { Worker_Prefetch_Multiplier: "3" },
    fab: { auth_rate_limited: "False" },
  };
  const roles = await declared({ workers: 1, settings });
  const having = (key: string, value: string) =>
    [...roles].filter(([, { env }]) => env[key] === value).map(([name]) => name);
  const airflow = [...roles.keys()].filter((name) => name !== "redis" && name !== "postgres");
  assert.deepEqual(having("AIRFLOW__CORE__DEFAULT_TASK_RETRIES", "7"), airflow);
  assert.deepEqual(having("AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER", "3").sort(), [
    "flower",
    "scheduler",
    "worker-1",
  ]);
  assert.deepEqual(having("AIRFLOW__FAB__AUTH_RATE_LIMITED", "False").sort(), ["migration", "webserver"]);
});

test("code of this project that runs in several roles reads no setting that only some of them get", () => {
  const texts = globSync("components/**/*.py").map((file) => readFileSync(file, "utf8"));
  const asked = texts.flatMap((text) => [...text.matchAll(/conf\.get\w*\("(\w+)", f?"([\w{}]+)"/g)]);
  const names = asked.map(([, section, key]) => `${section}.${key}`).sort();
  assert.ok(names.includes("scheduler.task_instance_heartbeat_timeout"), names.join());
  for (const version of ["2.11.2", "3.3.2"]) {
    const { readers } = knownSettings(version) ?? assert.fail(version);
    assert.ok(readers.size > 0, version);
    assert.deepEqual(
      names.filter((name) => readers.has(name)),
      [],
      version,
    );
  }
});

test("only schedulers get the interval at which they take over tasks of dead schedulers, and never fail a task that waits", async () => {
  const keys = [
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL",
    "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES",
  ];
  const values = [...(await declared({ schedulers: 2 }))].flatMap(([name, { env }]) =>
    keys.some((key) => key in env) ? [[name, ...keys.map((key) => env[key])]] : [],
  );
  assert.deepEqual(values, [
    ["scheduler-1", "15", "1000000"],
    ["scheduler-2", "15", "1000000"],
  ]);
});

test("the webserver of each version waits long enough for the log of a busy worker", async () => {
  for (const [version, key] of [
    ["2.11.2", "AIRFLOW__WEBSERVER__LOG_FETCH_TIMEOUT_SEC"],
    ["3.3.2", "AIRFLOW__API__LOG_FETCH_TIMEOUT_SEC"],
  ] as const) {
    const having = [...(await declared({ version }))].filter(([, { env }]) => key in env);
    assert.deepEqual(
      having.map(([name, { env }]) => [name, env[key]]),
      [["webserver", "15"]],
    );
  }
});
