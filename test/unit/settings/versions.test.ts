import assert from "node:assert/strict";
import { test } from "node:test";
import { checkVersion } from "../../../components/versionChange.ts";
import { builtVersions, localImage } from "../../../images/local.ts";
import { secretFaults } from "../../../settings/rules/secrets/secrets.ts";
import type { Path } from "../../../settings/schema/path.ts";
import { isOlder } from "../../../settings/schema/versions.ts";
import { expected } from "../../../tools/lib/status/expected.ts";
import type { Uploads } from "../containers.ts";
import { containersOf, declare, stateOf } from "../mocks.ts";
import { settingsFor } from "../settingsFrom.ts";

const old = { version: "2.11.2", workers: 1 };

async function roles() {
  const entries = [...containersOf(await declare(old))].map(([name, { envs, uploads }]) => {
    const secrets = (uploads as Uploads).flatMap(({ file }) => /^\/run\/secrets\/(.*)/.exec(file)?.[1] ?? []);
    return [name, { env: envs as string[], secrets: secrets.sort() }] as const;
  });
  return new Map(entries);
}

test("each role of Airflow 2.11 gets the secrets that it needs, and no others", async () => {
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

test("Airflow 2.11 gets settings under its own names", async () => {
  const all = [...(await roles()).values()].flatMap(({ env }) => env).join("\n");
  for (const name of ["SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD=60", "SCHEDULER__DAG_DIR_LIST_INTERVAL=10"])
    assert.match(all, new RegExp(`AIRFLOW__${name}$`, "m"));
  assert.doesNotMatch(all, /EXECUTION_API|JWT|DAG_PROCESSOR|API__SECRET_KEY|HEARTBEAT_TIMEOUT/);
});

test("Airflow 2.11 has its own webserver command and health check", async () => {
  const containers = containersOf(await declare(old));
  const { entrypoints, healthcheck } = containers.get("webserver") ?? assert.fail();
  assert.deepEqual((entrypoints as string[]).slice(-6), [
    "/opt/airflow/start.py",
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

test("status expects no dag-processor of Airflow 2.11", async () => {
  const names = expected(stateOf(await declare(old)), "airflow-unit", []).get("local");
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
  assert.notEqual(localImage("redis", "3.3.2", "2026-11-26"), localImage("redis", "3.3.2", ""));
});

test("versions are compared by their numbers, and a version other than the deployed one is refused, with the command to use", () => {
  assert.ok(isOlder("2.11.2", "3.3.2"));
  assert.ok(isOlder("3.3.2", "3.3.10"));
  assert.ok(!isOlder("3.3.2", "3.3.2"));
  assert.throws(
    () => checkVersion("2.11.2", { version: "3.3.2" }, "dev"),
    /expected 3\.3\.2, which is deployed, or a newer one: .* npm run restore -- --from ID\.$/,
  );
  assert.throws(
    () => checkVersion("3.3.2", { version: "2.11.2" }, "prod"),
    /expected 2\.11\.2, which is deployed, .* npm run upgrade -- --to 3\.3\.2 --stack prod does that/,
  );
  assert.doesNotThrow(() => checkVersion("3.3.2", { version: "3.3.2" }, "dev"));
  assert.doesNotThrow(() => checkVersion("2.11.2", {}, "dev"));
});

const refused = (config: object) => () => settingsFor({ ...config });

test("unknown versions, versions without an image, and keys that Airflow 2 does not support are refused", () => {
  assert.throws(refused({ version: "2.10.5" }), /version is 2\.10\.5; expected 2\.11\.x or 3\.3\.x/);
  assert.throws(refused({ version: "3.3.1" }), /expected 2\.11\.2 or 3\.3\.2.*images\.airflow/);
  assert.doesNotThrow(refused({ version: "3.3.1", images: { airflow: "apache/airflow:3.3.1" } }));
  assert.throws(
    refused({ version: "2.11.2", dagsGit: { url: "https://git.example.com/dags.git" } }),
    /dagsGit is \{…\}; Airflow 2\.11\.2 cannot read a repository/,
  );
  assert.throws(
    refused({ version: "2.11.2", tracing: { endpoint: "http://a:4318" }, logFormat: "json" }),
    /logFormat is json; Airflow 2\.11\.2 writes only text[\s\S]*tracing is \{…\}; Airflow 2\.11\.2 has no settings for an endpoint/,
  );
  assert.throws(
    refused({ tracing: { endpoint: "http://a:4318" }, settings: { traces: { otel_on: true } } }),
    /settings\.traces\.otel_on is True; tracing turns spans on by itself/,
  );
  assert.throws(
    refused({ tracing: { endpoint: "http://ann:pw@a:4318" } }),
    /tracing\.endpoint is .*without a login/,
  );
  assert.throws(
    refused({ version: "2.11.2", roles: { "dag-processor": { memory: 512 } } }),
    /roles\.dag-processor is \{…\}; Airflow 2\.11\.2 has no dag-processor/,
  );
});

const setting = (version: string, settings: object, more: object = {}) =>
  refused({ version, settings, ...more });

test("a setting that a version does not have, or has under another name, is refused with the replacement", () => {
  const says = (version: string, settings: object, message: RegExp) =>
    assert.throws(setting(version, settings), message);
  says(
    "3.3.2",
    { webserver: { page_size: 50 } },
    /settings\.webserver\.page_size is \{…\}; Airflow 3\.3\.2 calls it api\.page_size: expected settings\.api\./,
  );
  says(
    "3.3.2",
    { core: { check_slas: true } },
    /no longer has it: The SLA feature is removed in Airflow 3\.0/,
  );
  says("3.3.2", { core: { paralellism: 40 } }, /does not know it; did you mean parallelism\?/);
  says(
    "3.3.2",
    { core: { worker_concurrency: 4 } },
    /does not know it in core; expected settings\.celery\.worker_concurrency/,
  );
  says("3.3.2", { shceduler: { max_tis_per_query: 4 } }, /no such section; did you mean scheduler\?/);
  says("3.3.2", { aws: { session_factory: "x" } }, /requirements or images\.airflow bring/);
  says("2.11.2", { scheduler: { task_instance_heartbeat_timeout: 60 } }, /Airflow 2\.11\.2 does not know it/);
  says("2.11.2", { core: { dag_concurrency: 4 } }, /expected settings\.core\.max_active_tasks_per_dag/);
  says(
    "2.11.2",
    { smtp: { smtp_password_cmd: "cat x" } },
    /expected settings\.smtp\.smtp_password, encrypted/,
  );
});

test("a setting that a version has is accepted, and so are free sections and sections of the image's providers", () => {
  assert.doesNotThrow(
    setting("2.11.2", { webserver: { page_size: 50 }, scheduler: { scheduler_zombie_task_threshold: 60 } }),
  );
  assert.doesNotThrow(
    setting("3.3.2", { CORE: { Max_Active_Tasks_Per_Dag: 2 }, api: { expose_config: true } }),
  );
  assert.doesNotThrow(setting("3.3.2", { celery_broker_transport_options: { socket_keepalive: true } }));
  const images = { airflow: "registry.example.com/airflow:3.3.2" };
  assert.doesNotThrow(setting("3.3.2", { aws: { session_factory: "x" } }, { images }));
  assert.throws(
    setting("3.3.2", { shceduler: { max_tis_per_query: 4 } }, { images }),
    /did you mean scheduler/,
  );
});

const smtp = { smtp: { smtp_password: "geheim", smtp_host: "mail.example.com" } };

test("a setting that is a secret has to be encrypted, and any other setting plain", () => {
  const none = () => false;
  const all = ([key]: Path) => key === "settings";
  const messages = (version: string, settings: object, encrypted: (path: Path) => boolean) =>
    secretFaults({ version, settings }, encrypted, "dev").map(({ path, message }) => [
      path.join("."),
      message,
    ]);
  assert.deepEqual(messages("2.11.2", smtp, none), [
    [
      "settings.smtp.smtp_password",
      "expected an encrypted value: npm run secret -- settings.smtp.smtp_password --stack dev writes it",
    ],
  ]);
  assert.deepEqual(messages("2.11.2", smtp, all), [
    ["settings.smtp.smtp_host", "nothing keeps a value secret here: expected a plain value"],
  ]);
});

test("a setting that is a secret reaches roles as a file", async () => {
  const containers = containersOf(await declare({ ...old, settings: smtp }));
  const { envs, uploads } = containers.get("worker-1") ?? assert.fail();
  assert.ok(
    (envs as string[]).includes("AIRFLOW__SMTP__SMTP_PASSWORD_CMD=cat /run/secrets/smtp__smtp_password"),
  );
  assert.doesNotMatch(JSON.stringify(envs), /geheim/);
  const file = (uploads as Uploads).find(({ file }) => file === "/run/secrets/smtp__smtp_password");
  assert.equal(file?.content, "geheim");
});
