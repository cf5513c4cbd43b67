import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readStackFile, settingsFrom } from "../../config.ts";

const where = () => "stack.yaml:3";

test("a stack that says nothing gets the defaults", () => {
  const { images, dags, ...rest } = settingsFrom({}, where);
  const concurrency = { min: 4, max: 4 };
  assert.deepEqual(rest, {
    platform: "docker",
    version: "3.3.2",
    production: false,
    systemPackages: [],
    postgres: { memory: 1024, settings: {} },
    redis: { memory: 512, settings: {} },
    secrets: {},
    secretGenerations: {},
    previousSecrets: "valid",
    connections: {},
    variables: {},
    pools: {},
    users: {},
    deleteUndeclared: false,
    roles: {},
    labels: {},
    extraHosts: {},
    caCertificates: [],
    groups: [{ name: "worker", queues: [], workers: 2, concurrency, memory: 2048, cpu: 2 }],
    workerGraceSeconds: 300,
    gatewayPort: 8443,
    certificateGeneration: 1,
    schedulers: 1,
    webservers: 1,
    webserverPort: 8080,
    flowerPort: 5555,
    adminUser: "admin",
    settings: {},
  });
  assert.match(dags, /\/dags$/);
  for (const [name, image] of Object.entries(images)) {
    assert.match(image, new RegExp(`^airflow-on-celery/${name}:[0-9.]+-[0-9a-f]{12}$`));
  }
});

test("values of airflow.cfg take Airflow's spelling", () => {
  const given = '{"core":{"parallelism":32,"load_examples":false,"a":true,"b":"c"}}';
  assert.deepEqual(settingsFrom({ settings: given }, where).settings, {
    core: { parallelism: "32", load_examples: "False", a: "True", b: "c" },
  });
});

const bad: [key: string, given: string, message: RegExp][] = [
  ["workers", "two", /workers is two; allowed is a whole number from 0 to 1000/],
  ["workers", "-1", /workers is -1; allowed is a whole number from 0 to 1000/],
  ["workers", "1.5", /workers is 1\.5; allowed/],
  ["workerConcurrency", "0", /workerConcurrency is 0; allowed is a whole number from 1/],
  ["webserverPort", "65536", /webserverPort is 65536; allowed is a whole number from 1 to 65535/],
  ["flowerPort", "8080", /flowerPort is 8080; the webserver has ports 8080 to 8080, and Flower 8080/],
  ["adminUser", "a b", /adminUser is a b; allowed are letters/],
  ["dags", "no/such", /dags is no\/such; allowed is a directory/],
  ["images", '{"mysql":"x"}', /images\.mysql is unknown; allowed are airflow, postgres, redis/],
  ["settings", '{"core":1}', /settings\.core is \{…\}; allowed are sections of airflow\.cfg/],
  ["settings", '{"core":{"a":[]}}', /settings\.core\.a is \{…\}; allowed is a text/],
  [
    "settings",
    '{"Core":{"fernet_key":"s3cret"}}',
    /settings\.Core\.fernet_key is \{…\}; it is the stack's own/,
  ],
  ["images", '{"toString":"x"}', /images\.toString is unknown; allowed are airflow/],
  ["settings", "x", /settings is \{…\}; allowed are sections of airflow\.cfg/],
  [
    "workerMinConcurrency",
    "5",
    /workerMinConcurrency is 5; allowed is a number that is not above the concurrency, 4/,
  ],
  ["platform", "podman", /platform is podman; allowed are docker and kubernetes/],
  ["schedulers", "0", /schedulers is 0; allowed is a whole number from 1 to 10/],
  ["kubernetes", "{}", /kubernetes is \{…\}; it needs platform: kubernetes/],
  ["machines", '{"a":{}}', /machines is \{…\}; allowed is a list of machines/],
  ["machines", "[]", /machines is \{…\}; allowed is at least one machine/],
  ["machines", '[{"name":"A"}]', /machines\[0\]\.name is A; allowed are a-z/],
  ["machines", '[{"name":"a","node":"n1"}]', /machines\[0\]\.node is n1; it needs platform: kubernetes/],
  [
    "machines",
    '[{"name":"a","docker":"podman://x","address":"10.0.0.1"}]',
    /machines\[0\]\.docker is podman:\/\/x; allowed are unix:\/\/\/PATH, ssh:\/\/USER@HOST and tcp:\/\/HOST:PORT/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a"}]',
    /machines\[0\]\.address is not given; allowed is the IPv4/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"big"}]',
    /machines\[0\]\.address is big; allowed is the IPv4 address at which the other machines reach it/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"tcp://a:2376","address":"10.0.0.1"}]',
    /machines\[0\]\.certificates is not given; tcp:\/\/ needs a directory with ca\.pem/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1","certificates":"dags"}]',
    /machines\[0\]\.certificates is .*dags; only tcp:\/\/ has certificates/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1","workers":{"gpu":1}}]',
    /machines\[0\]\.workers\.gpu is 1; allowed are the names of worker groups: default/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1","workers":"many"}]',
    /machines\[0\]\.workers is many; allowed is a whole number from 0 to 1000, or one for each group/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1"},{"name":"a","docker":"ssh://b","address":"10.0.0.2"}]',
    /machines\[1\]\.name is a; machines\[0\] has the same: allowed is each machine once/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1"},{"name":"b","docker":"ssh://a","address":"10.0.0.1"}]',
    /machines\[1\]\.docker is ssh:\/\/a; .*machines\[1\]\.address is 10\.0\.0\.1; machines\[0\] has the same/s,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1","roles":["worker"]}]',
    /machines\[0\]\.roles\[0\] is worker; allowed are postgres, redis, pgbouncer, migration/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1","roles":["flower"]},{"name":"b","docker":"ssh://b","address":"10.0.0.2","roles":["flower"]}]',
    /machines\[1\]\.roles\[0\] is flower; machines\[0\] has it: allowed is each role once/,
  ],
  [
    "machines",
    '[{"name":"a","docker":"ssh://a","address":"10.0.0.1"},{"name":"b","docker":"ssh://b","address":"127.0.0.1"}]',
    /machines\[1\]\.address is 127\.0\.0\.1; allowed is one that the others reach: that of its network/,
  ],
  ["workerAutoscale", '{"min":0,"max":3}', /workerAutoscale is \{…\}; it needs platform: kubernetes/],
  [
    "workerGroups",
    '[{"name":"gpu","queues":[]}]',
    /workerGroups\[0\]\.queues is \{…\}; allowed is at least one/,
  ],
  ["workerGroups", '[{"name":"gpu"}]', /workerGroups\[0\]\.queues is not given; allowed is a list/],
  [
    "workerGroups",
    '[{"name":"a","queues":["q"],"nodeLabels":{}}]',
    /\[0\]\.nodeLabels is \{…\}; it needs platform/,
  ],
  [
    "workerGroups",
    '[{"name":"a","queues":["q"]},{"name":"a","queues":["q"]}]',
    /workerGroups\[1\]\.name is a; allowed is a name of its own/,
  ],
  [
    "dagsImage",
    "registry/dags:1",
    /dagsImage is registry\/dags:1; allowed is a repository of an image registry/,
  ],
  ["dagsGit", '{"url":"git@host:dags"}', /dagsGit\.url is git@host:dags; allowed is the http or https URL/],
  ["wrokers", "1", /wrokers is unknown; did you mean workers\? allowed are platform, version, /],
];

for (const [key, given, message] of bad) {
  test(`refuses ${key}: ${given}`, () => {
    assert.throws(() => settingsFrom({ [key]: given }, where), message);
  });
}

const cluster = {
  platform: "kubernetes",
  dagsImage: "r.example.com/dags",
  images: '{"airflow":"r/airflow:1","postgres":"r/postgres:1","redis":"r/redis:1"}',
};

test("what a cluster needs is asked for", () => {
  const faults = [
    /images\.airflow is not given; allowed is an image of a registry: npm run images -- --push/,
    /dagsImage is not given; a cluster needs it, to push DAGs to, or dagsGit/,
  ];
  for (const fault of faults) assert.throws(() => settingsFrom({ platform: "kubernetes" }, where), fault);
  assert.equal(settingsFrom(cluster, where).platform, "kubernetes");
});

const conflicts: [given: Record<string, string>, message: RegExp][] = [
  [
    { machines: '[{"name":"a","node":"n1","workers":1}]', workers: "2" },
    /workers is 2; allowed is either this or machines/,
  ],
  [
    { machines: '[{"name":"a","workers":1}]' },
    /machines\[0\] is \{…\}; allowed is either node, a node's name, or labels that nodes have/,
  ],
  [
    { machines: '[{"name":"a","node":"n","address":"10.0.0.1"}]' },
    /machines\[0\]\.address is 10\.0\.0\.1; it needs platform: docker/,
  ],
  [
    {
      machines: '[{"name":"a","node":"n","workers":{"gpu":1}}]',
      workerGroups: '[{"name":"gpu","queues":["q"],"workers":1}]',
    },
    /workerGroups\[0\]\.workers is 1; allowed is either this or the counts of gpu in machines/,
  ],
  [
    { workerAutoscale: '{"min":0,"max":3}', workers: "2" },
    /workers is 2; allowed is either this or workerAutoscale/,
  ],
  [{ dagsGit: '{"url":"https://g/d.git"}' }, /dagsGit is \{…\}; allowed is either this or dagsImage/],
  [
    { workerGroups: '[{"name":"a","queues":["q"],"machine":"b"}]' },
    /workerGroups\[0\]\.machine is b; allowed is a name in machines: none/,
  ],
  [
    { workerGroups: '[{"name":"a","queues":["q"],"workers":1,"autoscale":{"min":0,"max":1}}]' },
    /workerGroups\[0\]\.workers is 1; allowed is either this or autoscale/,
  ],
  [
    { webservers: "3", webserverPort: "5554" },
    /webserverPort is 5554; the webserver has ports 5554 to 5556, and Flower 5555/,
  ],
];

for (const [given, message] of conflicts) {
  test(`refuses ${Object.keys(given).join(" with ")} on a cluster`, () => {
    assert.throws(() => settingsFrom({ ...cluster, ...given }, where), message);
  });
}

test("machines and groups become groups of workers with a place", () => {
  const machines =
    '[{"name":"small","node":"n1","workers":1},{"name":"large","labels":{"size":"l"},"workers":{"default":3,"io":2}}]';
  const workerGroups =
    '[{"name":"gpu","queues":["gpu"],"machine":"large","concurrency":4,"minConcurrency":1},{"name":"io","queues":["io"]}]';
  const { groups } = settingsFrom({ ...cluster, machines, workerGroups }, where);
  const told = groups.map(({ name, workers, machine, concurrency }) => [
    name,
    workers,
    machine,
    concurrency.max,
  ]);
  assert.deepEqual(told, [
    ["worker-small", 1, "small", 4],
    ["worker-large", 3, "large", 4],
    ["worker-gpu", 1, "large", 4],
    ["worker-io-large", 2, "large", 4],
  ]);
});

test("a fault inside a value is told with its own line", () => {
  const file = join(mkdtempSync(join(tmpdir(), "airflow-config-")), "stack.yaml");
  writeFileSync(
    file,
    "config:\n  airflow:workerGroups:\n    - name: gpu\n      queues: [gpu]\n      memory: lots\n",
  );
  assert.throws(
    () => readStackFile(file),
    new RegExp(`${file}:5: workerGroups\\[0\\]\\.memory is lots; allowed`),
  );
  rmSync(dirname(file), { recursive: true });
});

test("reports all faults at once, with their places", () => {
  assert.throws(
    () => settingsFrom({ workers: "x", adminUser: "", nope: "1" }, where),
    (error: Error) => {
      assert.match(error.message, /3 fault\(s\)/);
      assert.equal(error.message.match(/stack\.yaml:3: /g)?.length, 3);
      return true;
    },
  );
});
