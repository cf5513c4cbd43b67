import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDowngrade } from "../../components/downgrade.ts";
import { builtVersions, localImage } from "../../images/local.ts";
import { settingsFrom } from "../../settings/read.ts";
import { isOlder } from "../../settings/versions.ts";
import { expected } from "../../tools/status.ts";
import { containersOf, declare, raw } from "./mocks.ts";

const old = { version: "2.11.2", workers: 1 };

type Uploads = { file: string; content: string }[];

async function roles() {
  const entries = [...containersOf(await declare(old))].map(([name, { envs, uploads }]) => {
    const secrets = (uploads as Uploads).flatMap(({ file }) => /^\/run\/secrets\/(.*)/.exec(file)?.[1] ?? []);
    return [name, { env: envs as string[], secrets: secrets.sort() }] as const;
  });
  return new Map(entries);
}

test("Airflow 2.11: each role is given the secrets it needs and no other", async () => {
  const secrets = [...(await roles())].map(([name, role]) => [name, role.secrets]);
  assert.deepEqual(Object.fromEntries(secrets), {
    redis: ["users.acl"],
    postgres: ["metadata_password", "postgres_password", "results_password"],
    migration: ["admin_password", "fernet_key", "sql_alchemy_conn"],
    scheduler: ["broker_url", "fernet_key", "result_backend", "sql_alchemy_conn"],
    webserver: ["fernet_key", "secret_key", "sql_alchemy_conn"],
    triggerer: ["fernet_key", "secret_key", "sql_alchemy_conn"],
    flower: ["broker_url", "flower_basic_auth"],
    "worker-1": ["broker_url", "fernet_key", "result_backend", "secret_key", "sql_alchemy_conn"],
  });
});

test("Airflow 2.11: settings have the names that it knows", async () => {
  const all = [...(await roles()).values()].flatMap(({ env }) => env).join("\n");
  for (const name of ["SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD=30", "SCHEDULER__DAG_DIR_LIST_INTERVAL=10"])
    assert.match(all, new RegExp(`AIRFLOW__${name}$`, "m"));
  assert.doesNotMatch(all, /EXECUTION_API|JWT|DAG_PROCESSOR|API__SECRET_KEY|HEARTBEAT_TIMEOUT/);
});

test("Airflow 2.11: the webserver is another command with another health", async () => {
  const containers = containersOf(await declare(old));
  const { entrypoints, healthcheck } = containers.get("webserver") ?? assert.fail();
  assert.deepEqual((entrypoints as string[]).slice(-6), [
    "airflow",
    "webserver",
    "--port",
    "8080",
    "--pid",
    "/dev/shm/webserver.pid",
  ]);
  assert.match(JSON.stringify(healthcheck), /8080\/health/);
  assert.ok(!containers.has("dag-processor"));
});

test("in a cluster, Airflow 2.11 has no dag-processor either, and its workers reach the database instead of the webserver", async () => {
  const declared = await declare({
    ...old,
    platform: "kubernetes",
    dagsImage: "registry.example.com/dags",
    images: {
      airflow: "registry.example.com/airflow:2.11.2",
      postgres: "registry.example.com/postgres:15",
      redis: "registry.example.com/redis:7",
    },
  });
  const deployments = declared.filter(({ type }) => type === "kubernetes:apps/v1:Deployment");
  assert.deepEqual(deployments.map(({ name }) => name).sort(), ["flower", "scheduler", "webserver"]);
  const worker = declared.find(
    ({ type, name }) => type === "kubernetes:apps/v1:StatefulSet" && name === "worker",
  );
  assert.ok(worker);
  const { template } = worker.inputs.spec as { template: { metadata: { labels: Record<string, string> } } };
  const reached = Object.keys(template.metadata.labels).filter((label) => label.startsWith("reaches/"));
  assert.deepEqual(reached.sort(), ["reaches/postgres", "reaches/redis"]);
});

test("status expects no dag-processor of Airflow 2.11", () => {
  const names = expected(settingsFrom(raw(old), () => "stack.yaml:3")).get("local");
  assert.deepEqual([...(names ?? [])].sort(), [
    "flower",
    "migration",
    "postgres",
    "redis",
    "scheduler",
    "triggerer",
    "webserver",
    "worker-1",
  ]);
});

test("each version that is built here has an image of its own", () => {
  assert.deepEqual(builtVersions(), ["2.11.2", "3.3.2"]);
  assert.match(localImage("airflow", "2.11.2"), /^airflow-on-celery\/airflow:2\.11\.2-[0-9a-f]{12}$/);
  assert.notEqual(localImage("airflow", "2.11.2").slice(-12), localImage("airflow", "3.3.2").slice(-12));
  assert.equal(localImage("redis", "2.11.2"), localImage("redis", "3.3.2"));
});

test("versions are compared by their numbers, and a downgrade is refused", () => {
  assert.ok(isOlder("2.11.2", "3.3.2"));
  assert.ok(isOlder("3.3.2", "3.3.10"));
  assert.ok(!isOlder("3.3.2", "3.3.2"));
  assert.throws(() => checkDowngrade("2.11.2", { version: "3.3.2" }), /allowed is 3\.3\.2/);
  assert.doesNotThrow(() => checkDowngrade("3.3.2", { version: "2.11.2" }));
  assert.doesNotThrow(() => checkDowngrade("2.11.2", {}));
});

const refused = (config: object) => () => settingsFrom(raw({ ...config }), () => "stack.yaml:3");

test("versions that are not known, or not built here, and what Airflow 2 has not, are refused", () => {
  assert.throws(refused({ version: "2.10.5" }), /version is 2\.10\.5; allowed are 2\.11\.x and 3\.3\.x/);
  assert.throws(refused({ version: "3.3.1" }), /allowed are 2\.11\.2 and 3\.3\.2.*images\.airflow/);
  assert.doesNotThrow(refused({ version: "3.3.1", images: { airflow: "apache/airflow:3.3.1" } }));
  assert.throws(
    refused({ version: "2.11.2", dagsGit: { url: "https://git.example.com/dags.git" } }),
    /dagsGit is \{…\}; Airflow 2\.11\.2 reads no repository/,
  );
  assert.throws(
    refused({ version: "2.11.2", roles: { "dag-processor": { memory: 512 } } }),
    /roles\.dag-processor is \{…\}; Airflow 2\.11\.2 has no dag-processor/,
  );
});
