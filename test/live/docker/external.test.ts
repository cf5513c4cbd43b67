import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ensureImages, standard } from "../../../tools/images.ts";
import { controlRoles } from "../../roleNames.ts";
import { type Config, TestStack } from "../lib/harness.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";
import { gunicorn, replacedUnderRequests } from "../lib/webserverProcesses.ts";
import { containers } from "../targets/docker.ts";
import { Around, reachesAround } from "./around.ts";
import { Logins } from "./login/logins.ts";
import { Outside, words } from "./outside.ts";

const dag = "get_stocks_dag";
const roles = [...controlRoles, "worker-1"];
/** Airflow's instances, the check of services, the HTTPS proxy, and the job that sets a volume's owner. */
const all = ["check", "entrance", ...roles, "volume-models"].sort();
const outside = new Outside("outside", 18620);
const stack = new TestStack("livetest-external", 18630);
const around = new Around(stack);
const logins = new Logins(stack, outside, around, 18624);
let given: Config = {};

const tls = "?sslmode=verify-full&sslrootcert=/opt/airflow/ca.pem";
const good = () => ({
  metadata_url: outside.postgres("metadata") + tls,
  results_url: outside.postgres("results", words.results) + tls,
  broker_url: outside.redis(),
});

function configuration(postgresUrl = outside.postgres("metadata")) {
  const { extraHosts, ...services } = outside.services(postgresUrl);
  return {
    ...given,
    ...services,
    workers: 1,
    settings: gunicorn,
    extraHosts: { ...Object(given.extraHosts), ...extraHosts },
    caCertificates: [...Object(given.caCertificates), outside.ca],
    proxy: { ...Object(given.proxy), no: ["private.test", ...Object.keys(extraHosts)] },
    login: logins.oidc,
  };
}

/** Configuration with PgBouncer, and with a directory instead of a provider. */
const pooled = () => ({ ...configuration(), pgbouncer: { poolSize: 5 }, login: logins.ldap });

async function isGreen(): Promise<void> {
  const run = await stack.trigger(dag);
  await runsUndisturbed(stack, dag, run, 6);
}

before(async () => {
  await ensureImages([...standard, "pgbouncer"]);
  await outside.start();
  given = await around.start(outside.address);
  await logins.start();
});
after(async () => {
  around.close();
  logins.close();
  await stack.remove();
  await outside.remove();
});

test("services that are good are found good", async () => {
  const output = await outside.check(good());
  assert.match(output, /^All 3 checks passed\.\nexit code 0$/m);
  assert.doesNotMatch(output, /WARNING|ERROR/);
  assert.equal(await outside.redisCli("dbsize"), "0");
});

test("a Redis that asks for a certificate is good with one of its authority, and with no other", async () => {
  const urls = { broker_url: outside.asking };
  const check = (client?: string) => outside.check(urls, undefined, undefined, client);
  assert.match(await check("server"), /^redis\.url, tried as celery at \S+ with TLS: passed$/m);
  const without = "set redis\\.certificate and redis\\.key\\.\nexit code 1$";
  assert.match(await check(), new RegExp(without, "m"));
  assert.match(
    await check("other"),
    /Expected a redis\.certificate that is signed by an authority which the server trusts \(tls-ca-cert-file\)\.$/m,
  );
});

const postgres =
  /ERROR postgres\.url, tried as team\.airflow at services\.test:18620\/team-metadata with sslmode verify-full: /;
const broken: readonly {
  readonly name: string;
  readonly urls: () => Readonly<Record<string, string>>;
  readonly says: RegExp;
  readonly ca?: () => string;
  readonly connections?: number;
}[] = [
  {
    name: "a wrong password of Postgres",
    urls: () => ({ metadata_url: outside.postgres("metadata", "another-word") + tls }),
    says: /the server refuses the login of team\.airflow: .*ALTER ROLE "team\.airflow" LOGIN PASSWORD/,
  },
  {
    name: "a wrong password of Redis",
    urls: () => ({ broker_url: outside.redis("celery", "another-word") }),
    says: /ERROR redis\.url, tried as celery at \S+ with TLS: the server refuses the login of celery .*ACL SETUSER celery on >PASSWORD/,
  },
  {
    name: "an unknown authority",
    urls: good,
    ca: () => outside.otherCa,
    says: /^ERROR postgres\.url.* is signed by an unknown authority .*\nERROR postgres\.resultsUrl.*\nERROR redis\.url.*expected an authority of the file ca\./m,
  },
  {
    name: "a certificate for another name",
    urls: () => ({ broker_url: outside.misnamed }),
    says: /the server's certificate is not for [\d.]+ .*subject alternative names/,
  },
  {
    name: "no TLS where it is asked for",
    urls: () => ({ metadata_url: `${outside.postgres("metadata")}?sslmode=disable` }),
    says: /pg_hba\.conf has no entry for team\.airflow from this address .*no encryption.*hostssl team-metadata team\.airflow/,
  },
  {
    name: "a role that may not create tables",
    urls: () => ({ metadata_url: outside.postgres("guest") + tls }),
    says: /guest may not create tables in the schema public of closed, .*GRANT USAGE, CREATE ON SCHEMA "public" TO "guest";/,
  },
  {
    name: "a database that is not in UTF-8",
    urls: () => ({ metadata_url: outside.postgres("ascii") + tls }),
    says: /the encoding of the database is SQL_ASCII; expected UTF8/,
  },
  {
    name: "fewer connections than the stack may open",
    urls: () => ({ metadata_url: outside.postgres("metadata") + tls }),
    connections: 98,
    says: /the stack may open 98 connections, but the server's max_connections less its reserve is 97; expected 98 at least: raise max_connections/,
  },
  {
    name: "no server that listens",
    urls: () => ({ metadata_url: outside.postgres("metadata").replace(":18620", ":18629") + tls }),
    says: /no connection to [\d.]+:18629 within 15 s \(.*refused\)/,
  },
  {
    name: "a user of Redis that lacks commands",
    urls: () => ({ broker_url: outside.redis("lame") }),
    says: /lame may not run BRPOP, ZADD, which Celery needs\. .*ACL SETUSER lame ~\* &\* \+@all/,
  },
  {
    name: "a user of Redis that lacks keys",
    urls: () => ({ broker_url: outside.redis("fenced") }),
    says: /fenced may not use every key and channel .*ACL SETUSER fenced ~\* &\*/,
  },
];

for (const { name, urls, says, ca, connections } of broken) {
  test(`${name}: the check says what is needed, and no password`, async () => {
    const output = await outside.check(urls(), ca?.(), connections);
    assert.match(output, says);
    assert.match(output, /^exit code [1-9]$/m);
    for (const word of [...Object.values(words), "another-word"]) assert.ok(!output.includes(word), output);
  });
}

test("a deployment that finds its services unfit says why, and touches nothing else", async () => {
  await outside.redisCli("config", "set", "maxmemory-policy", "allkeys-lru");
  await assert.rejects(
    stack.up(configuration(outside.postgres("metadata", "another-word"))),
    (error: Error) => {
      assert.match(error.message, /check failed with exit code 2; nothing that depends on it was started/);
      assert.match(error.message, postgres);
      assert.match(error.message, /the server refuses the login of team\.airflow/);
      assert.match(
        error.message,
        /its maxmemory-policy is allkeys-lru: .*CONFIG SET maxmemory-policy noeviction/,
      );
      assert.ok(!error.message.includes("another-word"));
      return true;
    },
  );
  await outside.redisCli("config", "set", "maxmemory-policy", "noeviction");
  assert.deepEqual([...(await containers(stack.prefix)).keys()].sort(), ["check", "volume-models"]);
});

test("a stack runs on existing services, by a name given in hosts, over encrypted connections only", async () => {
  await stack.up(configuration());
  assert.deepEqual(await stack.names(), all);
  await isGreen();
  const { encrypted, plain } = await outside.connections();
  assert.ok(encrypted >= 4, String(encrypted));
  assert.equal(plain, 0);
  assert.equal(await stack.queuedInFlower(), 0);
  assert.equal(await outside.sql("SELECT count(*) > 5 FROM celery_taskmeta", "team-results"), "t");
  const worker = await stack.exec("worker-1", "sh", "-c", "cat /run/secrets/*");
  assert.doesNotMatch(worker, /team-metadata|team\.airflow/);
});

test("gunicorn's two processes serve, and no request fails while one is replaced", () =>
  replacedUnderRequests(stack));

reachesAround(stack, around);
logins.testProvider();

test("inspecting a container shows no password", async () => {
  for (const [name, text] of await stack.target.readable(stack.prefix)) {
    for (const word of Object.values(words).flatMap((plain) => [plain, encodeURIComponent(plain)]))
      assert.ok(!text.includes(word), name);
  }
});

test("with PgBouncer between them, Postgres has few connections, and the example is as green", async (t) => {
  await stack.up(pooled());
  assert.deepEqual(await stack.names(), [...all, "pgbouncer"].sort());
  await Promise.all([isGreen(), isGreen()]);
  const { encrypted, plain } = await outside.connections();
  assert.equal(plain, 0);
  assert.ok(encrypted > 0 && encrypted <= 10, String(encrypted));
  t.diagnostic(`${encrypted} connections to Postgres`);
  const { stdout: log } = { stdout: await stack.target.log(stack.prefix, "pgbouncer") };
  assert.doesNotMatch(log, /ERROR|closing because: .*(prepared|login failed)/);
  for (const name of ["webserver", "scheduler"])
    assert.doesNotMatch(await stack.target.log(stack.prefix, name), /prepared statement|DuplicatePrepared/);
});

logins.testDirectory();

test("workers cannot ask PgBouncer for the metadata", async () => {
  const program = `import psycopg2
url = open("/run/secrets/result_backend").read().removeprefix("db+").replace("+psycopg2", "")
psycopg2.connect(url).close()
psycopg2.connect(url.replace("/results?", "/metadata?"))`;
  await assert.rejects(stack.exec("worker-1", "python", "-c", program), /OperationalError.*login rejected/s);
});

test("a refresh finds no difference", async () => {
  await stack.up(pooled(), "--refresh", "--expect-no-changes");
});
