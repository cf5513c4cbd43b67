import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { settingsFromArguments } from "../../../../settings/read/arguments.ts";
import { readDeployed, readStackFile, settingsFromPulumi } from "../../../../settings/read/read.ts";
import { cluster } from "../../cluster.ts";
import type { Config } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("earlier");

const email = { to: "ops@b.test", from: "air@b.test", server: "b.test:25" };

function holding(name: string, text: string): { file: string } {
  const file = join(folder, name);
  writeFileSync(file, text);
  return { file };
}

const headers = join(folder, "headers");
writeFileSync(headers, "authorization=x");

const database = join(folder, "database");
writeFileSync(database, "postgresql://airflow:a-long-word@db.test/a?sslmode=verify-full\n");

/** Values that a stack may have since an earlier release, each with its fault. */
const rows: readonly (readonly [name: string, config: Config, fault: RegExp])[] = [
  [
    "a range of proxies wider than /8",
    { trustedProxies: ["10.0.0.0/7"] },
    /trustedProxies\[0\] is 10\.0\.0\.0\/7; /,
  ],
  [
    "pods of tasks in a namespace of the cluster",
    {
      ...cluster,
      kubernetes: { podOperator: { namespace: "kube-tasks", apiServer: ["10.0.0.4:6443"] } },
    },
    /podOperator\.namespace is kube-tasks; /,
  ],
  [
    "a volume of the database in which it cannot start",
    { ...cluster, kubernetes: { storage: { postgres: "1Mi" } } },
    /storage\.postgres is 1Mi; Postgres takes 60 MiB with .*: expected at least 160Mi/,
  ],
  [
    "a key of backups that is guessed from an archive",
    { secrets: { backupKey: holding("short", "x-y9Kq2Lm4Pw7Zr") } },
    /secrets\.backupKey is \{…\}; it has 15 characters: expected a password of at least 16 characters/,
  ],
  [
    "a key of backups that everybody guesses",
    { secrets: { backupKey: holding("repeated", "a".repeat(20)) } },
    /secrets\.backupKey is \{…\}; it is well known: expected a password of at least 16 characters/,
  ],
  [
    "a key of age that lacks its end",
    { secrets: { backupKey: holding("age", `AGE-SECRET-KEY-1${"Q".repeat(57)}`) } },
    /secrets\.backupKey is \{…\}; it is not whole: expected a key of age/,
  ],
  [
    "DAGs over plain http, in production",
    { production: true, dagsGit: { url: "http://git.test/a.git", password: { file: "package.json" } } },
    /dagsGit\.url is http:\/\/git\.test\/a\.git; anybody in between could read the password, and replace the DAGs: expected an https or ssh URL/,
  ],
  [
    "further DAGs over plain http, in production",
    {
      production: true,
      dagBundles: [{ name: "b", url: "http://git.test/b.git", password: { file: "package.json" } }],
    },
    /dagBundles\[0\]\.url is http:\/\/git\.test\/b\.git; anybody in between could read the password/,
  ],
  [
    "headers of a receiver over plain http, in production",
    {
      production: true,
      tracing: { endpoint: "http://spans.test", headers: { file: headers } },
    },
    /tracing\.endpoint is http:\/\/spans\.test; anybody in between could read tracing\.headers: expected an https URL/,
  ],
  [
    "a database that KEDA does not find",
    {
      ...cluster,
      workerAutoscale: { min: 1, max: 2 },
      extraHosts: { "db.test": "10.0.0.7" },
      postgres: { url: { file: database } },
    },
    /postgres\.url is .*; KEDA, which counts tasks there, does not read extraHosts/,
  ],
  [
    "a range of addresses that an exception takes",
    { ...cluster, kubernetes: { egress: { to: ["10.0.0.0/16"], except: ["10.0.0.0/8"] } } },
    /egress\.to\[0\] is 10\.0\.0\.0\/16; egress\.except has 10\.0\.0\.0\/8, which leaves nothing of it/,
  ],
  [
    "an address of a group of machines",
    { publish: { address: "224.0.0.1", certificate: "README.md", key: { file: "README.md" } } },
    /publish\.address is 224\.0\.0\.1; no machine has it/,
  ],
  [
    "a default queue with a comma",
    { settings: { operators: { default_queue: "a,b" } } },
    /default_queue is a,b; /,
  ],
  [
    "a schema that the stack's Postgres does not have",
    { settings: { database: { sql_alchemy_schema: "airflow" } } },
    /sql_alchemy_schema is airflow; the stack's Postgres has no such schema/,
  ],
  [
    "fewer connections than the stack opens, in upper case",
    { postgres: { settings: { MAX_CONNECTIONS: 20 } } },
    /postgres\.settings\.MAX_CONNECTIONS is 20; Airflow may open 45 connections/,
  ],
  [
    "a setting of Postgres twice",
    { postgres: { settings: { max_connections: 200, Max_Connections: 100 } } },
    /postgres\.settings\.Max_Connections is .*; the server reads it as postgres\.settings\.max_connections/,
  ],
  [
    "a setting of Redis twice, first in upper case",
    { redis: { settings: { MaxClients: 200, maxclients: 200 } } },
    /redis\.settings\.maxclients is .*; the server reads it as redis\.settings\.MaxClients: expected only one of them/,
  ],
  [
    "a setting of Redis twice",
    { redis: { settings: { maxmemory: "100mb", MaxMemory: "200mb" } } },
    /redis\.settings\.MaxMemory is .*; the server reads it as redis\.settings\.maxmemory/,
  ],
  [
    "a limit of statements in milliseconds",
    { postgres: { settings: { statement_timeout: 5 } } },
    /statement_timeout is 5; it counts milliseconds, .*expected at least 1s, or 0 for no limit/,
  ],
  [
    "fewer connections to Redis than the instances open",
    { redis: { settings: { maxclients: 10 } } },
    /maxclients is 10; 2 worker\(s\) x 6, 1 scheduler\(s\) x 2 and 6 of Flower open 20 connections: expected at least 20/,
  ],
  [
    "a role with less memory than it takes",
    { roles: { webserver: { memory: 64 } } },
    /roles\.webserver\.memory is 64; a webserver takes at least 64 MiB and 64 MiB for each process: expected at least 128 MiB/,
  ],
  [
    "more processes than the memory of their role takes",
    { settings: { dag_processor: { parsing_processes: 200 } } },
    /parsing_processes is 200; a dag-processor takes at least 96 MiB and 16 MiB for each process: expected at most 58 with 1024 MiB, or roles\.dag-processor\.memory: 3296/,
  ],
  [
    "a file that no role reads",
    { roles: { all: { files: { "/opt/airflow/airflow.cfg": "README.md" } } } },
    /airflow\.cfg"\] is README\.md; no role reads it: expected settings/,
  ],
  [
    "an unknown place for logs",
    { settings: { logging: { remote_logging: true, remote_base_log_folder: "ftp://a/logs" } } },
    /remote_base_log_folder is ftp:\/\/a\/logs; Airflow knows no such place for logs/,
  ],
  ["a proxy that is none", { proxy: { no: [".a.test"] } }, /proxy is \{…\}; it has no effect: expected http/],
  [
    "a default pool without slots",
    { pools: { default_pool: { slots: 0 } } },
    /pools\.default_pool\.slots is 0; no task of the default pool would start/,
  ],
  [
    "a token that expires in a silence which its task outlives",
    { settings: { execution_api: { jwt_expiration_time: 1500 } } },
    /jwt_expiration_time is 1500; expected more than 1500, five times settings\.scheduler\.task_instance_heartbeat_timeout: /,
  ],
  [
    "a silence that outlives tokens",
    { settings: { scheduler: { task_instance_heartbeat_timeout: 360 } } },
    /task_instance_heartbeat_timeout is 360; expected less than 360, a fifth of settings\.execution_api\.jwt_expiration_time: /,
  ],
  [
    "connections without a pool",
    { settings: { database: { sql_alchemy_pool_enabled: false } } },
    /sql_alchemy_pool_enabled is False; a process could open any number of connections: expected True/,
  ],
  [
    "two sizes of the default pool",
    { pools: { default_pool: { slots: 4 } }, settings: { core: { Default_Pool_Task_Slot_Count: 4 } } },
    /Default_Pool_Task_Slot_Count is \{…\}; pools\.default_pool sets it too: expected only one of them/,
  ],
  [
    "a queue with the name of a key of Kombu's",
    { workerGroups: [{ name: "a", queues: ["unacked"] }] },
    /queues\[0\] is unacked; Redis has a key of this name for the workers/,
  ],
  [
    "the full name of a branch",
    { dagsGit: { url: "https://git.test/a.git", ref: "refs/heads/a" } },
    /expected a$/m,
  ],
  ["a public image of Redis", { images: { redis: "docker.io/library/redis:7.4" } }, /images\.redis is /],
  ["little memory for connections", { postgres: { memory: 64 } }, /postgres\.memory is 64; /],
  ["a login in a setting", { settings: { smtp: { smtp_host: "smtp://u:word@a" } } }, /smtp_host is smtp:/],
  [
    "a timer that is always due",
    { settings: { scheduler: { pool_metrics_interval: 0 } } },
    /do nothing else/,
  ],
  ["no triggers", { settings: { triggerer: { capacity: 0 } } }, /capacity is 0; no deferred task/],
  [
    "sessions that workers could make",
    { settings: { fab: { session_backend: "securecookie" } } },
    /session_backend is securecookie; a session would outlive its logout/,
  ],
  [
    "bundles that are no JSON",
    { settings: { dag_processor: { dag_bundle_config_list: "{'a': 1}" } } },
    /dag_bundle_config_list is \{…\}; Airflow would not start: expected JSON$/m,
  ],
  [
    "options of the results' engine that are no JSON",
    { settings: { celery: { result_backend_sqlalchemy_engine_options: "{'a': 1}" } } },
    /engine_options is \{…\}; Airflow would not start: expected a JSON object as text$/m,
  ],
  [
    "an extra that is no JSON",
    { connections: { a: { type: "http", extra: holding("extra", "Tr0ub4dor&3") } } },
    /connections\.a\.extra is \{…\}; Airflow would refuse the connection: expected a JSON object$/m,
  ],
  [
    "a domain with a star beside a proxy",
    { proxy: { http: "http://p.test:3128", no: ["*.a.test"] } },
    /proxy\.no\[0\] is \*\.a\.test; /,
  ],
  [
    "a proxy among the variables",
    { roles: { all: { env: { HTTP_PROXY: "http://p.test:3128" } } } },
    /roles\.all\.env\.HTTP_PROXY is \{…\}; .*expected proxy, which leaves out the stack's own hosts/,
  ],
  [
    "an odd address of mail",
    { monitoring: { alerts: { email: { ...email, to: "<ops@b.test>" } } } },
    /monitoring\.alerts\.email\.to is .*; expected one e-mail address/,
  ],
  [
    "alerts without a receiver",
    { monitoring: { alerts: {} } },
    /monitoring\.alerts is \{…\}; expected at least one of webhook/,
  ],
  [
    "metrics of the monitoring itself",
    { monitoring: { scrape: ["http://localhost:9090/metrics"] } },
    /monitoring\.scrape\[0\] is .*; the monitoring is there itself/,
  ],
  [
    "a repository with parameters",
    { dagsGit: { url: "https://git.test/dags.git?depth=1" } },
    /dagsGit\.url is .*; expected the http or https URL of a Git repository, without a login and parameters/,
  ],
];

for (const [at, [name, config, fault]] of rows.entries()) {
  test(`to be corrected before a deployment, not before a look or a removal: ${name}`, () => {
    const file = join(folder, `Pulumi.new-${at}.yaml`);
    const keyed = Object.entries(config).map(([key, value]) => [`airflow:${key}`, value]);
    writeFileSync(file, stringify({ config: Object.fromEntries(keyed) }));
    const texts = Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const fromCli = (isNew: boolean) =>
      settingsFromPulumi({ raw: Object.fromEntries(texts), secret: [], stack: `new-${at}`, isNew }, file);
    const asArguments = () => settingsFromArguments({ values: config, secret: [] }, "AirflowStack a");
    for (const read of [() => readStackFile(file), () => fromCli(true), () => fromCli(false), asArguments])
      assert.throws(read, fault);
    assert.equal(readDeployed(file).adminUser, "admin");
  });
}

test("a pod that its cluster keeps out does not keep anybody from removing the stack", () => {
  const file = join(folder, "Pulumi.pod.yaml");
  const initContainers = [{ name: "worker-fetch", image: "r.test/f:1" }];
  const config = { ...cluster, roles: { worker: { pod: { initContainers } } } };
  const keyed = Object.entries(config).map(([key, value]) => [`airflow:${key}`, value]);
  writeFileSync(file, stringify({ config: Object.fromEntries(keyed) }));
  assert.throws(() => readStackFile(file), /initContainers\[0\] is /);
  assert.equal(readDeployed(file).adminUser, "admin");
});

test("everybody as a proxy is refused, deployed or not", () => {
  const file = join(folder, "Pulumi.all.yaml");
  writeFileSync(file, 'config:\n  airflow:trustedProxies: ["0.0.0.0/0"]\n');
  assert.throws(() => readStackFile(file), /trustedProxies\[0\] is 0\.0\.0\.0\/0; /);
});

test("a key of backups may be a text of 16 characters, or a whole key of age", () => {
  for (const text of ["x-y9Kq2Lm4Pw7Zr+", `AGE-SECRET-KEY-1${"Q".repeat(58)}`]) {
    const file = join(folder, "Pulumi.key.yaml");
    writeFileSync(file, stringify({ config: { "airflow:secrets": { backupKey: holding("key", text) } } }));
    assert.equal(readStackFile(file).adminUser, "admin");
  }
});
