import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connectionBudget, serverLimits } from "../../../settings/model/connections.ts";
import { authorityOf, ecKey, pemOf } from "../certificates.ts";
import { cluster, clusterWithImage } from "../cluster.ts";
import { type Config, settingsFor } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("authorities");

/** Returns the error message of a refused stack, or an empty text. */
function faultOf(config: Config): string {
  try {
    settingsFor(config);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}

test("the connection budget counts every client of Postgres", () => {
  const counted = [
    {},
    { workers: 0 },
    { workers: 8, schedulers: 2, webservers: 1 },
    { workers: 0, triggerers: 3 },
    { version: "2.11.2", workers: 1 },
    { pgbouncer: {}, workers: 30, schedulers: 4 },
  ].map((config) => connectionBudget(settingsFor(config)));
  // The empty stack: scheduler 5 + 1, webserver 16, dag-processor 5, triggerer 5, results 10, migration 3.
  assert.deepEqual(counted, [45, 35, 81, 45, 43, 43]);
  assert.deepEqual(serverLimits(settingsFor({})), { most: 130, reserved: 3 });
});

test("the connection budget of a cluster counts the instances that an update starts before others stop", () => {
  const opened = (config: Config) => connectionBudget(settingsFor(config));
  // One more scheduler with its results, webserver and, in Airflow 3, DAG processor.
  const ofThree = { ...cluster, schedulers: 2, webservers: 2 };
  assert.equal(opened(ofThree) - opened({ schedulers: 2, webservers: 2 }), 5 + 1 + 16 + 5);
  const image = { images: { ...cluster.images, airflow: "r/airflow:2.11.2" } };
  const ofTwo = { version: "2.11.2", settings: { webserver: { workers: 1 } } };
  assert.equal(opened({ ...clusterWithImage, ...image, ...ofTwo }) - opened(ofTwo), 5 + 1 + 8);
});

test("a stack that may open too many connections is refused, with the budget as a table", () => {
  assert.equal(
    faultOf({ workers: 18, schedulers: 2 }),
    `The stack's configuration has 1 fault(s):
  stack.yaml:3: postgres.settings.max_connections is 130, its default; Airflow may open 131 connections:
      scheduler            10  2 instances x (3 + 2)
      scheduler, results    2  2 instances
      webserver            16  1 instance x 2 pools x (5 + 3)
      dag-processor         5  1 instance x (3 + 2)
      triggerer             5  1 instance x (3 + 2)
      worker, results      90  18 workers x (4 tasks + 1)
      migration             3  its lock, its work, its progress
      sum                 131
      limit               127  max_connections 130, less superuser_reserved_connections 3
    expected at least 140; or lower settings.database.sql_alchemy_pool_size and sql_alchemy_max_overflow, or pgbouncer: {}`,
  );
});

test("each suggested fix brings the connection budget within the limit", () => {
  const large = { workers: 18, schedulers: 2 };
  for (const fix of [
    { postgres: { settings: { max_connections: 140 } } },
    { postgres: { settings: { MAX_CONNECTIONS: 140 } } },
    { pgbouncer: {} },
    { settings: { database: { sql_alchemy_pool_size: 2, sql_alchemy_max_overflow: 1 } } },
    { postgres: { url: "postgresql://airflow:a-long-word@db.example.com/airflow" } },
  ])
    assert.equal(faultOf({ ...large, ...fix }), "", JSON.stringify(fix));
});

test("the advice about connections counts those that are kept for superusers", () => {
  const settings = { max_connections: 50, superuser_reserved_connections: 60 };
  assert.match(
    faultOf({ postgres: { settings } }),
    /max_connections is 50; .*\n {6}limit +-10 {2}max_connections 50, less superuser_reserved_connections 60\n {4}expected at least 110; /s,
  );
  assert.equal(faultOf({ postgres: { settings: { ...settings, max_connections: 110 } } }), "");
});

test("pgbouncer has a connection budget on both sides", () => {
  assert.match(
    faultOf({ pgbouncer: { poolSize: 70 } }),
    /max_connections is 130, its default; Airflow may open 143 connections:\n {6}pgbouncer, metadata {3}70 {2}pgbouncer\.poolSize is 70\n.*or a lower pgbouncer\.poolSize$/s,
  );
  assert.match(
    faultOf({ pgbouncer: { clients: 20 } }),
    /pgbouncer\.clients is 20; Airflow may open 42 connections to it:\n.*\n {6}limit {15}20 {2}pgbouncer\.clients\n {4}expected at least 42$/s,
  );
});

test("an unlimited number of connections is refused", () => {
  assert.match(
    faultOf({ settings: { database: { sql_alchemy_max_overflow: -1 } } }),
    /settings\.database\.sql_alchemy_max_overflow is -1; a process could open any number of connections: expected a whole number, 0 or more/,
  );
});

const url = "postgresql://airflow:a-long-word@db.example.com/airflow";

const faults: readonly (readonly [Config, RegExp])[] = [
  [
    { postgres: { resultsUrl: url } },
    /postgres\.resultsUrl is \{…\}; it is for an external server: expected postgres\.url beside it/,
  ],
  [
    { redis: { ca: "package.json" } },
    /redis\.ca is package\.json; it is for an external server: expected redis\.url beside it/,
  ],
  [
    { postgres: { url, memory: 512 } },
    /postgres\.memory is 512; it is for the stack's own server: expected either this or postgres\.url/,
  ],
  [{ postgres: { url, settings: { jit: false } } }, /postgres\.settings is \{…\}; it is for the stack's own/],
  [
    { postgres: { url: `${url}?sslrootcert=/x` } },
    /postgres\.url is \{…\}; its parameter sslrootcert is not supported; expected sslmode, /,
  ],
  [
    { postgres: { url: `${url}?sslmode=maybe` } },
    /its sslmode is maybe; expected disable, allow, prefer, require, verify-ca, verify-full/,
  ],
  [
    { postgres: { url: `${url}?connect_timeout=3` }, pgbouncer: {} },
    /PgBouncer would drop its parameter connect_timeout: expected only sslmode/,
  ],
  [
    { redis: { url: "rediss://a:a-long-word@h/0?ssl_cert_reqs=none" } },
    /redis\.url is \{…\}; its parameter ssl_cert_reqs is not supported/,
  ],
  [{ redis: { url: "rediss://a:a-long-word@h/x" } }, /redis\.url is \{…\}; expected rediss:/],
];

for (const [config, message] of faults) {
  test(`the configuration of services is refused: ${JSON.stringify(config)}`, () => {
    const fault = faultOf(config);
    assert.match(fault, message);
    assert.match(fault, /has 1 fault\(s\)/);
    assert.doesNotMatch(fault, /a-long-word/);
  });
}

test("authorities of a server have to be certificates, and need a connection with TLS", async () => {
  const written = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const privateKey = ecKey();
  const pem = await authorityOf(privateKey);
  const ca = written("ca.pem", pem);
  const broker = "rediss://a:a-long-word@h/0";
  for (const mode of ["", "?sslmode=require", "?sslmode=verify-ca"]) {
    assert.equal(faultOf({ postgres: { url: `${url}${mode}`, ca }, redis: { url: broker, ca } }), "");
  }
  for (const mode of ["disable", "allow", "prefer"]) {
    const plain = `${url}?sslmode=${mode}`;
    assert.match(
      faultOf({ postgres: { url, resultsUrl: plain, ca } }),
      new RegExp(
        `postgres\\.ca is .*; postgres\\.resultsUrl has sslmode=${mode}, which checks no certificate: `,
      ),
    );
    assert.equal(faultOf({ postgres: { url: plain } }), "");
  }
  assert.match(
    faultOf({ redis: { url: broker.replace("rediss", "redis"), ca } }),
    /redis\.ca is .*; redis\.url begins with redis:\/\/, which is without TLS: expected rediss:\/\/ there, or no ca/,
  );
  const wrong: [string, RegExp][] = [
    [pemOf(privateKey), /it contains a private key/],
    [
      createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString(),
      /there is no certificate in it/,
    ],
    [`${pem}${pem.slice(0, 100)}`, /a certificate in it cannot be read/],
    [await authorityOf(privateKey, -1 / 48), /expired on/],
  ];
  for (const [content, message] of wrong) {
    assert.match(faultOf({ redis: { url: broker, ca: written("wrong.pem", content) } }), message);
  }
});

test("certificates for an engine have to be complete and belong together", async () => {
  const folder = temporaryFolder("engine");
  const [own, other] = [ecKey(), ecKey()];
  const pem = await authorityOf(own);
  const fault = (files: Readonly<Record<string, string>>) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const engine = { docker: "tcp://10.0.0.11:2376", address: "10.0.0.11", certificates: folder };
    return faultOf({ machines: [{ name: "a", ...engine }] });
  };
  assert.match(
    fault({ "ca.pem": pem, "cert.pem": pem }),
    /it has no key\.pem that this user may read: expected/,
  );
  assert.equal(fault({ "key.pem": pemOf(own) }), "");
  assert.match(
    fault({ "key.pem": pemOf(other) }),
    /key\.pem: it is the key of another certificate: expected/,
  );
  assert.match(fault({ "ca.pem": pemOf(own) }), /ca\.pem: it contains a private key/);
});
