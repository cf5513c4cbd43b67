import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readStackFile, settingsOf } from "../../../settings/read/read.ts";
import { encrypted } from "../../../settings/schema/secret.ts";
import { settingsFrom } from "../settingsFrom.ts";

const placeOf = () => "stack.yaml:3";

test("an empty stack gets the defaults", () => {
  const { images, dags, ...rest } = settingsFrom({}, placeOf);
  const concurrency = { min: 4, max: 4 };
  assert.deepEqual(rest, {
    platform: "docker",
    version: "3.3.2",
    production: false,
    logFormat: "text",
    systemPackages: [],
    trustedProxies: [],
    postgres: { memory: 1024, settings: {} },
    redis: { memory: 512, settings: {} },
    secrets: {},
    secretGenerations: {},
    previousSecrets: "valid",
    connections: {},
    variables: {},
    pools: {},
    users: {},
    dagBundles: [],
    deleteUndeclared: false,
    roles: {},
    labels: {},
    extraHosts: {},
    caCertificates: [],
    groups: [{ name: "worker", queues: [], workers: 2, concurrency, memory: 2048, cpu: 2 }],
    workerGraceSeconds: 300,
    migrationSeconds: 3600,
    gatewayPort: 8443,
    certificateGeneration: 1,
    schedulers: 1,
    webservers: 1,
    triggerers: 1,
    webserverPort: 8080,
    flowerPort: 5555,
    monitoringPort: 9090,
    adminUser: "admin",
    retention: { logs: 30, metadata: 90, results: 7 },
    settings: {},
  });
  assert.match(dags, /\/dags$/);
  assert.ok(images.airflow);
  for (const [name, image] of Object.entries(images)) {
    assert.match(image, new RegExp(`^airflow-on-celery/${name}:[0-9.]+-[0-9a-f]{12}$`));
  }
});

test("values of settings get the spelling of airflow.cfg", () => {
  const given =
    '{"core":{"parallelism":32,"load_examples":false,"lazy_discover_providers":true,"dag_ignore_file_syntax":"glob"}}';
  assert.deepEqual(settingsFrom({ settings: given }, placeOf).settings, {
    core: {
      parallelism: "32",
      load_examples: "False",
      lazy_discover_providers: "True",
      dag_ignore_file_syntax: "glob",
    },
  });
});

const cluster = {
  platform: "kubernetes",
  dagsImage: "r.example.com/dags",
  images: '{"airflow":"r/airflow:1","postgres":"r/postgres:1","redis":"r/redis:1"}',
};

test("a cluster without images and DAGs is refused, with both keys that it needs", () => {
  const faults = [
    /images\.airflow is not given; expected an image in a registry: npm run images -- --push/,
    /dagsImage is not given; a cluster mounts no directory: expected a repository to push DAGs to, or dagsGit/,
  ];
  for (const fault of faults) assert.throws(() => settingsFrom({ platform: "kubernetes" }, placeOf), fault);
  assert.equal(settingsFrom(cluster, placeOf).platform, "kubernetes");
});

test("machines and worker groups become groups of workers with a machine", () => {
  const machines =
    '[{"name":"small","node":"n1","workers":1},{"name":"large","labels":{"size":"l"},"workers":{"default":3,"io":2}}]';
  const workerGroups =
    '[{"name":"gpu","queues":["gpu"],"machine":"large","concurrency":4,"minConcurrency":1},{"name":"io","queues":["io"]}]';
  const { groups } = settingsFrom({ ...cluster, machines, workerGroups }, placeOf);
  const workers = groups.map(({ name, workers, machine, concurrency }) => [
    name,
    workers,
    machine,
    concurrency.max,
  ]);
  assert.deepEqual(workers, [
    ["worker-small", 1, "small", 4],
    ["worker-large", 3, "large", 4],
    ["worker-gpu", 1, "large", 4],
    ["worker-io-large", 2, "large", 4],
  ]);
});

test("a fault inside a value is reported with its own line", () => {
  const file = join(mkdtempSync(join(tmpdir(), "airflow-config-")), "stack.yaml");
  writeFileSync(
    file,
    "config:\n  airflow:workerGroups:\n    - name: gpu\n      queues: [gpu]\n      memory: lots\n",
  );
  assert.throws(
    () => readStackFile(file),
    new RegExp(`${file}:5: workerGroups\\[0\\]\\.memory is lots; expected`),
  );
  rmSync(dirname(file), { recursive: true });
});

test("all faults are reported at once, with their places", () => {
  assert.throws(
    () => settingsFrom({ workers: "x", adminUser: "", nope: "1" }, placeOf),
    (error: Error) => {
      assert.match(error.message, /3 fault\(s\)/);
      assert.equal(error.message.match(/stack\.yaml:3: /g)?.length, 3);
      return true;
    },
  );
});

test("secrets are checked when they are decrypted, and never shown", () => {
  const given = {
    secrets: { adminPassword: "Passw0rd" },
    redis: { url: "redis://airflow:Passw0rd@broker:6379/0" },
  };
  assert.throws(
    () => settingsOf(given, placeOf),
    ({ message }: Error) => {
      assert.match(message, /secrets\.adminPassword is \[secret\]; it is well known/);
      assert.match(message, /redis\.url is \[secret\]; its password is well known/);
      assert.doesNotMatch(message, /Passw0rd/);
      return true;
    },
  );
  const undecrypted = { secrets: { adminPassword: encrypted }, redis: { url: encrypted } };
  assert.doesNotThrow(() => settingsOf(undecrypted, placeOf));
});
