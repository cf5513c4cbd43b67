import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsFrom } from "../../config.ts";

const where = () => "stack.yaml:3";

test("a stack that says nothing gets the defaults", () => {
  const { images, dags, ...rest } = settingsFrom({}, where);
  const concurrency = { min: 4, max: 4 };
  assert.deepEqual(rest, {
    platform: "docker",
    groups: [{ name: "worker", queues: [], workers: 2, concurrency, memory: 2048, cpu: 2 }],
    workerGraceSeconds: 300,
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
  ["flowerPort", "8080", /flowerPort is 8080; allowed is a port besides the webserver's/],
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
  ["wrokers", "1", /wrokers is unknown; allowed are platform, workers, /],
];

for (const [key, given, message] of bad) {
  test(`refuses ${key}: ${given}`, () => {
    assert.throws(() => settingsFrom({ [key]: given }, where), message);
  });
}

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
