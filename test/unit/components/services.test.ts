import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { builtFor } from "../../../tools/images.ts";
import { expected } from "../../../tools/lib/status/expected.ts";
import { render } from "../../../tools/render.ts";
import { controlRoles, databaseRoles } from "../../roleNames.ts";
import { authorityOf, ecKey, pemOf } from "../certificates.ts";
import { clusterWithImage } from "../cluster.ts";
import { containersOf, type Declared, declare, patient, stateOf } from "../mocks.ts";
import { type Config, settingsFor } from "../settingsFrom.ts";
import { withPrograms } from "../standIns.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("services");
const ca = join(folder, "ca.pem");
const signer = ecKey();
writeFileSync(ca, await authorityOf(signer));

const url = "postgresql://own%40er:pass%2Fword@db.example.com:6543/airflow";
const redisUrl = "rediss://celery:broker-word@broker.example.com:6380/2";
const external: Config = { postgres: { url, ca }, redis: { url: redisUrl, ca }, workers: 1 };
const pooled: Config = { pgbouncer: { poolSize: 7 }, workers: 1 };

const cluster: Config = {
  ...clusterWithImage,
  images: { ...clusterWithImage.images, pgbouncer: "r/pgbouncer:1" },
};

type Texts = Readonly<Record<string, string>>;

interface Delivered {
  readonly env: Texts;
  /** Contents by path. */
  readonly files: Texts;
}

function onDocker(declared: readonly Declared[]): Map<string, Delivered> {
  const delivered = [...containersOf(declared)].map(([name, { envs, uploads }]): [string, Delivered] => {
    const pairs = (envs as string[]).map((line) => line.split(/=(.*)/s).slice(0, 2));
    const files = (uploads as { file: string; content: string }[]).map(({ file, content }) => [
      file,
      content,
    ]);
    return [name, { env: Object.fromEntries(pairs), files: Object.fromEntries(files) }];
  });
  return new Map(delivered);
}

/** Lists the containers that have a file. */
function having(delivered: ReadonlyMap<string, Delivered>, path: string): string[] {
  return [...delivered].flatMap(([name, { files }]) => (files[path] === undefined ? [] : [name])).sort();
}

function secret(delivered: ReadonlyMap<string, Delivered>, name: string, key: string): string | undefined {
  return delivered.get(name)?.files[`/run/secrets/${key}`];
}

function argumentsOfCheck(declared: readonly Declared[]): readonly string[] {
  const { entrypoints } = containersOf(declared).get("check") ?? assert.fail("there is no check");
  const command = entrypoints as string[];
  return command.slice(command.indexOf("/opt/airflow/check/check.py") + 1);
}

test("a stack with external services deploys none of its own, and checks the external ones first", async () => {
  const declared = await declare(external);
  assert.deepEqual([...containersOf(declared).keys()].sort(), ["check", ...controlRoles, "worker-1"]);
  const volumes = declared
    .filter(({ type }) => type === "docker:index/volume:Volume")
    .map(({ name }) => name);
  assert.deepEqual(volumes.sort(), ["data", "logs"]);
});

test("addresses and logins of external services appear only in files", async () => {
  for (const [name, { uploads, ...visible }] of containersOf(await declare(external))) {
    assert.doesNotMatch(JSON.stringify(visible), /example\.com|own[@%]|pass.word|broker-word/, name);
    assert.match(JSON.stringify(uploads), /example\.com/, name);
  }
});

test("each role gets the URLs of external services that it needs, in its own format", async () => {
  const declared = await declare(external);
  const delivered = onDocker(declared);
  const tls = "sslmode=verify-full&sslrootcert=%2Fopt%2Fairflow%2Fpostgres-ca.pem";
  const place = patient(`own%40er:pass%2Fword@db.example.com:6543/airflow?${tls}`);
  for (const role of [...databaseRoles, "migration"])
    assert.equal(secret(delivered, role, "sql_alchemy_conn"), `postgresql+psycopg2://${place}`, role);
  for (const role of databaseRoles)
    assert.equal(secret(delivered, role, "sql_alchemy_conn_async"), `postgresql+psycopg://${place}`, role);
  for (const role of ["scheduler", "worker-1"])
    assert.equal(secret(delivered, role, "result_backend"), `db+postgresql+psycopg2://${place}`, role);
  for (const role of ["scheduler", "worker-1", "flower"]) {
    assert.equal(secret(delivered, role, "broker_url"), redisUrl, role);
    const { env } = delivered.get(role) ?? assert.fail();
    assert.deepEqual(
      Object.entries(env).filter(([key]) => key.startsWith("AIRFLOW__CELERY__SSL")),
      [
        ["AIRFLOW__CELERY__SSL_ACTIVE", "True"],
        ["AIRFLOW__CELERY__SSL_MUTUAL_TLS", "False"],
        ["AIRFLOW__CELERY__SSL_CACERT", "/opt/airflow/redis-ca.pem"],
      ],
      role,
    );
  }
  assert.deepEqual(
    having(delivered, "/opt/airflow/postgres-ca.pem"),
    [...databaseRoles, "check", "migration", "worker-1"].sort(),
  );
  assert.deepEqual(having(delivered, "/opt/airflow/redis-ca.pem"), [
    "check",
    "flower",
    "scheduler",
    "worker-1",
  ]);
  assert.deepEqual(
    ["metadata_url", "results_url", "broker_url"].map((key) => secret(delivered, "check", key)),
    [`postgresql://${place}`, `postgresql://${place}`, redisUrl],
  );
  assert.deepEqual(argumentsOfCheck(declared), ["40", "--redis-authorities", "/opt/airflow/redis-ca.pem"]);
});

/** Self-signed certificate and its key in PEM; an authority's certificate is good enough for a client here. */
const clientCertificate = { certificate: ca, key: pemOf(signer) };
const mutual: Config = { redis: { url: redisUrl, ca, ...clientCertificate }, workers: 1 };

test("clients of a Redis with mutual TLS get a certificate, and its key as a secret", async () => {
  const declared = await declare(mutual);
  const delivered = onDocker(declared);
  for (const role of ["scheduler", "worker-1", "flower"]) {
    const { env } = delivered.get(role) ?? assert.fail();
    assert.deepEqual(
      Object.entries(env).filter(([key]) => key.startsWith("AIRFLOW__CELERY__SSL")),
      [
        ["AIRFLOW__CELERY__SSL_ACTIVE", "True"],
        ["AIRFLOW__CELERY__SSL_MUTUAL_TLS", "True"],
        ["AIRFLOW__CELERY__SSL_CACERT", "/opt/airflow/redis-ca.pem"],
        ["AIRFLOW__CELERY__SSL_CERT", "/opt/airflow/redis-client.pem"],
        ["AIRFLOW__CELERY__SSL_KEY", "/run/secrets/redis_client_key"],
      ],
      role,
    );
  }
  const users = ["check", "flower", "scheduler", "worker-1"];
  assert.deepEqual(having(delivered, "/opt/airflow/redis-client.pem"), users);
  assert.deepEqual(having(delivered, "/run/secrets/redis_client_key"), users);
  assert.equal(secret(delivered, "flower", "redis_client_key"), clientCertificate.key);
  assert.equal(delivered.get("check")?.files["/opt/airflow/redis-client.pem"], readFileSync(ca, "utf8"));
  const authorities = ["--redis-authorities", "/opt/airflow/redis-ca.pem"];
  const certificate = ["--redis-certificate", "/opt/airflow/redis-client.pem"];
  assert.deepEqual(argumentsOfCheck(declared), ["40", ...authorities, ...certificate]);
});

test("in a cluster the same roles get the client certificate of Redis as a file, and its key in a Secret", async () => {
  const declared = await declare({ ...cluster, ...mutual });
  const having = (type: string, field: string, key: string) =>
    declared
      .filter((one) => one.type === `kubernetes:core/v1:${type}`)
      .filter(({ inputs }) => Object.hasOwn((inputs[field] ?? {}) as object, key))
      .map(({ name }) => name)
      .sort();
  const users = ["check", "flower", "scheduler", "worker"];
  assert.deepEqual(having("ConfigMap", "data", "opt_airflow_redis-client.pem"), users);
  assert.deepEqual(having("Secret", "stringData", "redis_client_key"), users);
});

test("workers know only the database for results, if it is a separate one", async () => {
  const resultsUrl = "postgresql://results:another-word@results.example.com/airflow?sslmode=require";
  const delivered = onDocker(await declare({ postgres: { url, resultsUrl }, workers: 1 }));
  const there = patient(
    "postgresql+psycopg2://results:another-word@results.example.com:5432/airflow?sslmode=require",
  );
  assert.equal(secret(delivered, "worker-1", "result_backend"), `db+${there}`);
  assert.doesNotMatch(JSON.stringify(delivered.get("worker-1")), /db\.example\.com/);
});

test("a timeout in a database URL overrides the default", async () => {
  const delivered = onDocker(await declare({ postgres: { url: `${url}?connect_timeout=3` }, workers: 1 }));
  const { searchParams } = new URL(secret(delivered, "scheduler", "sql_alchemy_conn") ?? "");
  assert.equal(searchParams.get("connect_timeout"), "3");
  assert.equal(searchParams.get("tcp_user_timeout"), "12000");
});

test("a redis:// URL turns TLS off", async () => {
  const delivered = onDocker(await declare({ redis: { url: "redis://:broker-word@10.0.0.7" } }));
  assert.equal(secret(delivered, "flower", "broker_url"), "redis://default:broker-word@10.0.0.7:6379/0");
  assert.equal(delivered.get("flower")?.env.AIRFLOW__CELERY__SSL_ACTIVE, "False");
  assert.ok(delivered.has("postgres") && !delivered.has("redis"));
});

test("with pgbouncer every role except the migration connects through it, and no role prepares statements", async () => {
  const delivered = onDocker(await declare(pooled));
  for (const role of databaseRoles) {
    const at = patient("airflow:minted-metadataPassword@pgbouncer:6432/metadata");
    assert.equal(secret(delivered, role, "sql_alchemy_conn"), `postgresql+psycopg2://${at}`, role);
    assert.equal(secret(delivered, role, "sql_alchemy_conn_async"), `postgresql+psycopg://${at}`, role);
    const { env, files } = delivered.get(role) ?? assert.fail();
    assert.equal(env.AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC, "pooled_connections.ARGUMENTS");
    assert.match(
      files["/opt/airflow/config/pooled_connections.py"] ?? "",
      /^ARGUMENTS = \{"prepare_threshold": None\}$/m,
    );
  }
  for (const role of ["scheduler", "worker-1"]) {
    const there = patient("airflow_results:minted-resultsPassword@pgbouncer:6432/results");
    assert.equal(secret(delivered, role, "result_backend"), `db+postgresql+psycopg2://${there}`, role);
  }
  const own = patient("postgresql+psycopg2://airflow:minted-metadataPassword@postgres:5432/airflow");
  assert.equal(secret(delivered, "migration", "sql_alchemy_conn"), own);
  assert.deepEqual(having(delivered, "/opt/airflow/config/pooled_connections.py"), databaseRoles);
});

test("pgbouncer logs in to the stack's Postgres, and accepts users with a password", async () => {
  const delivered = onDocker(await declare(pooled));
  assert.equal(
    secret(delivered, "pgbouncer", "databases.ini"),
    `[databases]
metadata = host='postgres' port='5432' dbname='airflow' user='airflow' password='minted-metadataPassword'
results = host='postgres' port='5432' dbname='airflow_results' user='airflow_results' password='minted-resultsPassword'
`,
  );
  assert.equal(
    secret(delivered, "pgbouncer", "users.txt"),
    '"airflow" "minted-metadataPassword"\n"airflow_results" "minted-resultsPassword"\n',
  );
  const { files } = delivered.get("pgbouncer") ?? assert.fail();
  assert.match(
    files["/etc/pgbouncer/pgbouncer.ini"] ?? "",
    /^pool_mode = transaction\ndefault_pool_size = 7$/m,
  );
  assert.equal(
    files["/etc/pgbouncer/hba.conf"],
    `host metadata airflow 0.0.0.0/0 scram-sha-256
host metadata airflow ::/0 scram-sha-256
host results airflow_results 0.0.0.0/0 scram-sha-256
host results airflow_results ::/0 scram-sha-256
`,
  );
});

test("pgbouncer may open as many files as its engine allows, and receives signals itself", async () => {
  const container = containersOf(await declare(pooled)).get("pgbouncer") ?? assert.fail();
  const script = "#!/bin/bash\necho $$ $(ulimit -Sn) $*\n";
  const output = await withPrograms({ pgbouncer: script }, async () =>
    execFileSync(
      "bash",
      [
        "-c",
        'echo $$; ulimit -Sn 1000; ulimit -Hn 2000; exec "$@"',
        "bash",
        ...(container.entrypoints as string[]),
      ],
      {
        encoding: "utf8",
      },
    ),
  );
  const [pid, started] = output.trim().split("\n");
  assert.equal(started, `${pid} 2000 /etc/pgbouncer/pgbouncer.ini`);
});

test("pgbouncer in front of an external Postgres verifies its certificate, so that roles need no authorities", async () => {
  const declared = await declare({ ...external, ...pooled });
  const delivered = onDocker(declared);
  assert.match(
    secret(delivered, "pgbouncer", "databases.ini") ?? "",
    /^metadata = host='db\.example\.com' port='6543' dbname='airflow' user='own@er' password='pass\/word'\nresults = /m,
  );
  assert.match(
    delivered.get("pgbouncer")?.files["/etc/pgbouncer/pgbouncer.ini"] ?? "",
    /^server_tls_sslmode = verify-full\nserver_tls_ca_file = \/etc\/pgbouncer\/postgres-ca\.pem$/m,
  );
  assert.deepEqual(having(delivered, "/opt/airflow/postgres-ca.pem"), ["check", "migration"]);
  assert.deepEqual(having(delivered, "/etc/pgbouncer/postgres-ca.pem"), ["pgbouncer"]);
  assert.deepEqual(argumentsOfCheck(declared), ["17", "--redis-authorities", "/opt/airflow/redis-ca.pem"]);
});

interface Policy {
  readonly egress: { readonly to?: unknown; readonly ports: { readonly port: number }[] }[];
}

function policiesOf(declared: readonly Declared[]): Map<string, Policy> {
  const found = declared.filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:NetworkPolicy");
  return new Map(found.map(({ name, inputs }) => [name, inputs.spec as Policy]));
}

test("in a cluster only the roles that use an external service may reach its port, at any address", async () => {
  const policies = policiesOf(await declare({ ...cluster, ...external }));
  const outside = [...policies].map(([name, { egress = [] }]): [string, number[]] => [
    name,
    egress.filter(({ to }) => to === undefined).map(({ ports }) => ports[0]?.port ?? 0),
  ]);
  assert.deepEqual(Object.fromEntries(outside), {
    "deny-all": [],
    check: [6543, 6380],
    ...Object.fromEntries(["migration", ...databaseRoles].map((role) => [role, [6543]])),
    scheduler: [6380, 6543],
    flower: [6380],
    worker: [6380, 6543],
  });
});

test("in a cluster only pgbouncer and the migration may reach the stack's Postgres", async () => {
  const declared = await declare({ ...cluster, ...pooled });
  const reaching = (host: string) =>
    [...policiesOf(declared)]
      .filter(([, { egress = [] }]) => JSON.stringify(egress).includes(`"app.kubernetes.io/name":"${host}"`))
      .map(([name]) => name)
      .sort();
  assert.deepEqual(reaching("postgres"), ["migration", "pgbouncer"]);
  assert.deepEqual(reaching("pgbouncer"), [...databaseRoles, "worker"].sort());
});

test("settings and memory of the stack's own Postgres and Redis take effect", async () => {
  const containers = containersOf(
    await declare({
      postgres: { memory: 2048, settings: { max_connections: 200, jit: false } },
      redis: { memory: 256, settings: { appendfsync: "always", activerehashing: false } },
    }),
  );
  const { postgres = {}, redis = {} } = Object.fromEntries(containers);
  const given = (postgres.entrypoints as string[]).filter((argument) =>
    /^(max_connections|jit)=/.test(argument),
  );
  assert.deepEqual(given, ["max_connections=200", "jit=off"]);
  assert.equal(postgres.memory, 2048);
  assert.equal(redis.memory, 256);
  const conf = (redis.uploads as { file: string; content: string }[]).find(({ file }) =>
    file.endsWith(".conf"),
  );
  assert.match(conf?.content ?? "", /\nappendfsync always\nactiverehashing no\n$/);
});

test("images are built and instances expected only for the services that a stack has", async () => {
  const settings = settingsFor({ ...external, ...pooled });
  assert.deepEqual(builtFor(settings), ["airflow", "pgbouncer"]);
  const names = expected(stateOf(await declare({ ...external, ...pooled })), "airflow-unit", []).get("local");
  assert.deepEqual(names?.toSorted(), [...controlRoles, "check", "pgbouncer", "worker-1"].sort());
});

test("rendered manifests have the ports of external services, and placeholders for the rest of their URLs", async () => {
  const file = join(folder, "stack.yaml");
  const text = join(folder, "url");
  writeFileSync(text, `${url}?sslmode=require\n`);
  const clientKey = join(folder, "client.key");
  writeFileSync(clientKey, clientCertificate.key);
  const given = {
    ...cluster,
    postgres: { url: { file: text }, ca },
    redis: { url: { secure: "v1:encrypted" }, certificate: ca, key: { file: clientKey } },
  };
  const config = Object.fromEntries(Object.entries(given).map(([key, value]) => [`airflow:${key}`, value]));
  writeFileSync(file, stringify({ config }));
  const { manifests, secrets } = await render("rendered", file);
  const login = "{metadataUser}:{metadataPassword}@{metadataHost}:6543/{metadataDatabase}";
  assert.equal(
    secrets.triggerer?.sql_alchemy_conn,
    patient(`postgresql+psycopg2://${login}?sslmode=require&sslrootcert=%2Fopt%2Fairflow%2Fpostgres-ca.pem`),
  );
  assert.equal(secrets.flower?.broker_url, "rediss://{brokerUser}:{brokerPassword}@{brokerHost}:6379/0");
  assert.equal(secrets.flower?.redis_client_key, "{redis.key}");
  const policy = manifests.find(
    ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "check",
  );
  assert.match(JSON.stringify(policy), /"port":6543.*"port":6379/);
  assert.doesNotMatch(JSON.stringify([manifests, secrets]), /example\.com:6543|pass%2Fword/);
});

test("Airflow 2 gets no setting of the async database driver", async () => {
  const delivered = onDocker(await declare({ ...external, ...pooled, version: "2.11.2" }));
  const { env, files } = delivered.get("scheduler") ?? assert.fail();
  assert.deepEqual(
    [...Object.keys(env), ...Object.keys(files)].filter((name) => /async/i.test(name)),
    [],
  );
});
