import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { identityOf } from "../../../components/backup/identity.ts";
import { serverShares } from "../../../settings/model/connections.ts";
import { builtFor } from "../../../tools/images.ts";
import { authorityOf, ecKey } from "../certificates.ts";
import { type Container, containers, fileIn } from "../containers.ts";
import { containersOf, declare } from "../mocks.ts";
import { programsOf } from "../programs.ts";
import { type Config, settingsFor } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const config: Config = { workers: 1, backup: { every: "6h", keep: 5 } };

async function backupOf(given: Config): Promise<Container> {
  return (await containers(given)).get("backup") ?? assert.fail("there is no backup");
}

test("a stack has backups only if its configuration asks for them", async () => {
  assert.equal((await containers({ workers: 1 })).has("backup"), false);
  assert.ok(!builtFor(settingsFor({ workers: 1 })).includes("backup"));
  assert.ok(builtFor(settingsFor(config)).includes("backup"));
});

test("the backup container gets its schedule, the logins of both databases, all secrets and the stack's values", async () => {
  const backup = await backupOf(config);
  assert.equal(backup.image, settingsFor(config).images.backup);
  assert.equal(backup.user, "999:999");
  assert.deepEqual(backup.entrypoints.slice(-3), ["python3", "/opt/backup/backup.py", "serve"]);
  const about = JSON.parse(fileIn(backup, "/opt/backup/settings.json"));
  assert.deepEqual(
    {
      every: about.every,
      keep: about.keep,
      version: about.version,
      dags: about.dags,
      limit: about.scratchLimit,
    },
    { every: 21_600, keep: 5, version: "3.3.2", dags: "a folder", limit: undefined },
  );
  assert.match(
    fileIn(backup, "/run/secrets/metadata_url"),
    /^postgresql:\/\/airflow:.*@postgres:5432\/airflow\?/,
  );
  assert.match(fileIn(backup, "/run/secrets/results_url"), /@postgres:5432\/airflow_results\?/);
  const secrets = JSON.parse(fileIn(backup, "/run/secrets/secrets.json"));
  assert.deepEqual(Object.keys(secrets).sort(), ["older", "previous", "replaced", "values"]);
  assert.equal(fileIn(backup, "/run/secrets/backup_key"), identityOf(secrets.values.backupKey));
  const names = backup.uploads.map(({ file }) => file.replace(/^.*\//, ""));
  for (const name of ["archive.py", "backup.py", "databases.py", "proof.py", "stack.json", "backup_keys"])
    assert.ok(names.includes(name), name);
});

test("the environment and the command of the backup container contain no secret", async () => {
  const backup = await backupOf(config);
  const { values } = JSON.parse(fileIn(backup, "/run/secrets/secrets.json"));
  assert.ok(values.backupKey);
  const visible = JSON.stringify([backup.envs, backup.entrypoints]);
  for (const [name, value] of Object.entries(values)) assert.ok(!visible.includes(String(value)), name);
});

test("backups go to a volume of their own, or to a writable directory", async () => {
  const inVolume = (await backupOf(config)).mounts;
  assert.deepEqual(
    inVolume.map(({ target, type }) => ({ target, type })),
    [{ target: "/backups", type: "volume" }],
  );
  const inDirectory = (await backupOf({ ...config, backup: { to: "/srv/backups" } })).mounts;
  assert.deepEqual(inDirectory, [
    { target: "/backups", type: "bind", source: "/srv/backups", readOnly: false },
  ]);
});

test("for a bucket the container gets the place, a login as files, the authority and a volume", async () => {
  const folder = temporaryFolder("bucket");
  const word = "not/guessed+word";
  writeFileSync(join(folder, "id"), "AKID\n");
  writeFileSync(join(folder, "secret"), `${word}\n`);
  writeFileSync(join(folder, "ca.pem"), await authorityOf(ecKey()));
  const place = {
    to: "s3://team-backups/airflow/prod/",
    endpoint: "https://s3.example.com:9000",
    region: "eu-1",
    ca: join(folder, "ca.pem"),
    accessKey: { file: join(folder, "id") },
    secretKey: { file: join(folder, "secret") },
  };
  const backup = await backupOf({ workers: 1, backup: place });
  const about = JSON.parse(fileIn(backup, "/opt/backup/settings.json"));
  assert.equal(about.to, place.to);
  assert.deepEqual(about.bucket, {
    name: "team-backups",
    prefix: "airflow/prod/",
    place: "s3://team-backups/airflow/prod at https://s3.example.com:9000",
    endpoint: "https://s3.example.com:9000",
    region: "eu-1",
    ca: "/opt/backup/bucket-ca.pem",
  });
  assert.equal(fileIn(backup, "/opt/backup/bucket-ca.pem"), readFileSync(place.ca, "utf8"));
  assert.equal(fileIn(backup, "/run/secrets/bucket_access_key"), "AKID");
  assert.equal(fileIn(backup, "/run/secrets/bucket_secret_key"), word);
  assert.deepEqual(
    backup.mounts.map(({ target, type }) => ({ target, type })),
    [{ target: "/backups", type: "volume" }],
  );
  for (const { file, content } of backup.uploads)
    if (!/^\/run\/secrets\//.test(file)) assert.ok(!content.includes(word), file);
  assert.ok(!JSON.stringify([backup.envs, backup.entrypoints]).includes(word));
});

test("a bucket without a login, and a stack without a bucket, get no files of a login", async () => {
  const place = "s3://team-backups";
  const about = async (given: Config) => {
    const backup = await backupOf({ workers: 1, ...given });
    assert.ok(!backup.uploads.some(({ file }) => /bucket_|bucket-ca/.test(file)));
    return JSON.parse(fileIn(backup, "/opt/backup/settings.json"));
  };
  assert.deepEqual((await about({ backup: { to: place } })).bucket, {
    name: "team-backups",
    prefix: "",
    place,
  });
  assert.equal((await about({ backup: {} })).bucket, undefined);
});

test("a proxy leads to the bucket, and to nothing else of a backup", async () => {
  const proxy = { https: "http://proxy.example.com:3128" };
  const variables = async (to: string) => (await backupOf({ workers: 1, proxy, backup: { to } })).envs.join();
  assert.match(await variables("s3://team-backups"), /HTTPS_PROXY=http:\/\/proxy\.example\.com:3128/);
  assert.match(await variables("s3://team-backups"), /NO_PROXY=[^ ]*\bpostgres\b/);
  assert.doesNotMatch(await variables("volume"), /PROXY/i);
});

test("an external database for both metadata and results is dumped once", async () => {
  const url = "postgresql://own:not-guessed-word@db.example.com:6543/airflow?sslmode=require";
  const backup = await backupOf({ ...config, postgres: { url } });
  assert.match(
    fileIn(backup, "/run/secrets/metadata_url"),
    /@db.example.com:6543\/airflow\?.*sslmode=require/,
  );
  assert.ok(!backup.uploads.some(({ file }) => file.endsWith("results_url")));
});

test("any moment can be restored once the backup may receive the log of Postgres", async () => {
  const keeping = await containers({ ...config, backup: { continuous: true } });
  const postgres = keeping.get("postgres") ?? assert.fail("there is no Postgres");
  assert.match(
    postgres.entrypoints.join(" "),
    /-c hba_file=\/etc\/postgresql\/access\.conf -c wal_keep_size=512/,
  );
  assert.match(
    fileIn(postgres, "/etc/postgresql/access.conf"),
    /^host replication postgres all scram-sha-256$/m,
  );
  const backup = keeping.get("backup") ?? assert.fail("there is no backup");
  const { values } = JSON.parse(fileIn(backup, "/run/secrets/secrets.json"));
  const url = new URL(fileIn(backup, "/run/secrets/replication_url"));
  assert.deepEqual(
    [url.username, url.password, url.host],
    ["postgres", values.postgresPassword, "postgres:5432"],
  );
  const without = await containers(config);
  const paths = [...without.values()].flatMap(({ uploads }) => uploads.map(({ file }) => file));
  assert.ok(!paths.some((path) => /access\.conf|replication_url/.test(path)));
});

test("the backup has two connections to Postgres, and bypasses PgBouncer", () => {
  for (const given of [config, { ...config, pgbouncer: {} }]) {
    const counts = serverShares(settingsFor(given)).filter(({ client }) => client === "backup");
    assert.deepEqual(
      counts.map(({ count }) => count),
      [2],
    );
  }
});

test("the restoration runs after Postgres and before every client of the databases, and gets no backup key", async () => {
  const made: string[] = [];
  const making = async (type: string, name: string) => {
    if (type === "docker:index/container:Container") made.push(name);
  };
  const declared = await declare(config, 0, {}, { past: { restores: true }, making });
  const order = ["postgres", "restore", "migration", "backup", "webserver"].map((name) => made.indexOf(name));
  assert.ok(!order.includes(-1), made.join());
  assert.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
  );
  const restore = containersOf(declared).get("restore") as unknown as Container;
  assert.deepEqual(restore.entrypoints.slice(-2), ["python3", "/opt/backup/restore.py"]);
  assert.deepEqual(restore.uploads.map(({ file }) => file).sort(), [
    "/opt/backup/archive.py",
    "/opt/backup/databases.py",
    "/opt/backup/progress.py",
    "/opt/backup/replacing.py",
    "/opt/backup/restore.py",
    "/opt/backup/schema.py",
    "/run/secrets/metadata_url",
    "/run/secrets/results_url",
  ]);
});

test("in a cluster the backup is a StatefulSet, so that its pod stops before the next one starts", async () => {
  const images = { airflow: "r/a:1", postgres: "r/p:1", redis: "r/r:1", backup: "r/b:1" };
  const declared = await declare({
    ...config,
    platform: "kubernetes",
    dagsImage: "r.example.com/dags",
    images,
  });
  const sets = declared
    .filter(({ type }) => type === "kubernetes:apps/v1:StatefulSet")
    .map(({ name }) => name);
  assert.ok(sets.includes("backup"));
  const backup =
    programsOf(declared).find(({ name }) => name === "backup") ?? assert.fail("there is no backup");
  assert.equal(backup.image, "r/b:1");
  for (const path of ["/backups", "/run/secrets/backup_key", "/opt/backup/backup.py"])
    assert.ok(backup.paths.has(path), path);
  // The cluster ends a pod that writes more, whatever its node has.
  const maps = declared.flatMap(({ inputs }) =>
    Object.entries((inputs.data ?? {}) as Record<string, string>),
  );
  const about = maps.find(([key]) => key === "opt_backup_settings.json")?.[1] ?? assert.fail("no settings");
  const isSet = ({ type, name }: { type: string; name: string }) =>
    /StatefulSet$/.test(type) && name === "backup";
  const set = declared.find(isSet) ?? assert.fail("there is no StatefulSet");
  const { template } = set.inputs.spec as {
    template: { spec: { containers: { resources: { limits: Record<string, string> } }[] } };
  };
  const [{ resources } = assert.fail("no container")] = template.spec.containers;
  const limit = /^(\d+)Gi$/.exec(resources.limits["ephemeral-storage"] ?? "")?.[1];
  assert.equal(JSON.parse(about).scratchLimit, Number(limit) * 2 ** 30);
});

test("in a cluster the backup may reach the ports of Postgres, of its bucket and of a service of identities", async () => {
  const images = { airflow: "r/a:1", postgres: "r/p:1", redis: "r/r:1", backup: "r/b:1" };
  const ports = async (backup: Config) => {
    const declared = await declare({
      workers: 1,
      platform: "kubernetes",
      dagsImage: "r.example.com/dags",
      images,
      backup,
    });
    const policy = declared.find(({ type, name }) => /NetworkPolicy$/.test(type) && name === "backup");
    const { egress } = (policy ?? assert.fail("there is no policy")).inputs.spec as {
      egress: { to?: { ipBlock?: { cidr: string } }[]; ports: { port: number }[] }[];
    };
    return egress.slice(1).map(({ to, ports }) => {
      const place = to ? (to[0]?.ipBlock?.cidr ?? "inside") : "anywhere";
      return `${place} ${ports.map(({ port }) => port)}`;
    });
  };
  const login = { accessKey: "of-a-user", secretKey: "of-the-key" };
  const at = { to: "s3://team-backups", endpoint: "https://s3.example.com:9000" };
  const podIdentity = "169.254.170.23/32 80";
  assert.deepEqual(await ports({}), ["inside 5432"]);
  assert.deepEqual(await ports({ to: at.to }), ["inside 5432", "anywhere 443", podIdentity]);
  assert.deepEqual(await ports({ ...at, ...login }), ["inside 5432", "anywhere 9000"]);
  assert.deepEqual(await ports(at), ["inside 5432", "anywhere 9000", "anywhere 443", podIdentity]);
  const plain = { ...at, endpoint: "http://s3.example.com", ...login };
  assert.deepEqual(await ports(plain), ["inside 5432", "anywhere 80"]);
});
