import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ensureImages } from "../../../tools/images.ts";
import { waitFor } from "../../runner/waiting.ts";
import { BackupContainer } from "./bucket/backupContainer.ts";
import { ObjectStore } from "./bucket/objectStore.ts";

const prefix = "airflow-livetest-bucket";
const key = "key-of-the-stack-in-tests";
const store = new ObjectStore(prefix, 18660);
const stack = new BackupContainer(`${prefix}-stack`, store);
const other = new BackupContainer(`${prefix}-other`, store);

before(async () => {
  await ensureImages(["backup"]);
  await store.start();
  await stack.start({ keep: 1 }, key);
});
after(() => store.remove());

/** Places of the backups that are listed, by id. */
async function places(of: BackupContainer): Promise<Record<string, string>> {
  const { backups } = await of.list("all");
  return Object.fromEntries(backups.map(({ id, places = [] }) => [id, places.join()]));
}

async function latest(): Promise<string> {
  const { backups } = await stack.list("list");
  return backups[0]?.id ?? assert.fail("there is no backup");
}

test("objects are put, read back, listed and removed, large ones in parts", async () => {
  const names = await stack.python(`
bucket.put(file, "log/a")
bucket.get("log/a", pathlib.Path("/tmp/back"))
assert pathlib.Path("/tmp/back").read_bytes() == file.read_bytes()
small = pathlib.Path("/tmp/small"); small.write_text("few")
bucket.put(small, "log/b")
assert bucket.read("log/b") == b"few"
print(bucket.names("log/"), bucket.names("nothing/"))
bucket.delete("log/b"); bucket.delete("log/b")
print(bucket.names())
print([one["Key"] for one in bucket.client().list_objects_v2(Bucket="team-backups")["Contents"]])
bucket.delete("log/a")`);
  assert.equal(names, "['log/a', 'log/b'] []\n['log/a']\n['tests/log/a']\n");
});

test("an object with other contents than its file, a store that ends a copy, and a wrong login are told", async () => {
  const fault = (program: string) => assert.rejects.bind(null, stack.python(program));
  await fault(`
def changed(*given, **named): return original(*given, **named | {"Fileobj": Shift(named["Fileobj"])})
class Shift:
    def __init__(self, file): self.file = file
    def write(self, data): self.file.write(bytes(data)[::-1])
original, bucket.client().download_fileobj = bucket.client().download_fileobj, changed
bucket.put(file, "a")`)(
    /a was copied to s3:\/\/team-backups\/tests at https:\/\/s3.test:18661, and has other contents/,
  );
  store.cut(10_000_000);
  await fault(`bucket.put(file, "a")`)(
    /BackupError: a could not be copied to s3:.*(Could not connect|Connection was closed)/,
  );
  await store.mend();
  await fault(`
bucket.SECRETS = pathlib.Path("/tmp"); (bucket.SECRETS / "bucket_secret_key").write_text("other")
(bucket.SECRETS / "bucket_access_key").write_text(pathlib.Path("/run/secrets/bucket_access_key").read_text())
bucket.names()`)(
    /could not be listed: .*SignatureDoesNotMatch.*; expected the backup.secretKey of backup.accessKey/s,
  );
  await fault(`bucket.settings.pop("ca"); bucket.names()`)(
    /CERTIFICATE_VERIFY_FAILED.*; expected a certificate for the endpoint's name, and its authority in backup.ca/s,
  );
  await fault(`bucket.settings["name"] = "elsewhere"; bucket.put(file, "a")`)(/NoSuchBucket|AccessDenied/);
});

test("each backup is proven, copied and read back; both places keep the latest ones", async () => {
  for (const _ of "12") await stack.run("now");
  const found = await places(stack);
  assert.deepEqual(Object.values(found), ["volume,bucket"]);
  const names = await stack.python(`print(*bucket.names("backups/"))`);
  const ids = Object.keys(found).toSorted();
  assert.deepEqual(
    names.trim().split(" "),
    ids.flatMap((id) => [`backups/${id}.json`, `backups/${id}.tar.age`]),
  );
  assert.doesNotMatch(await stack.python(`print(bucket.read("${names.split(" ")[0]}"))`), /SECRET/);
});

test("a database of somebody else is dumped and restored by a login that owns neither the database nor its schema", async () => {
  const found = await stack.python(`
import databases, psycopg2, replacing
def run(sql, login):
    connection = psycopg2.connect(host="/tmp", **login)
    connection.autocommit = True
    connection.cursor().execute(sql)
    connection.close()
owner, team = {"user": "airflow", "dbname": "theirs"}, {"user": "team", "dbname": "theirs"}
run("CREATE ROLE team LOGIN", owner | {"dbname": "postgres"})
run("CREATE DATABASE theirs", owner | {"dbname": "postgres"})
run("GRANT USAGE, CREATE ON SCHEMA public TO team; CREATE EXTENSION pg_stat_statements; CREATE SCHEMA other; CREATE TABLE other.t (a int)", owner)
run("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE dag (id serial PRIMARY KEY, m mood); INSERT INTO dag (m) VALUES ('a'), ('a')", team)
run("CREATE TABLE run (id int REFERENCES dag); CREATE VIEW v AS SELECT * FROM dag", team)
databases.register({"theirs": team | {"host": "/tmp"}})
dumped = databases.dump("theirs", "/tmp/theirs.dump")
run("DROP TABLE run; DELETE FROM dag; CREATE TABLE later (id int); CREATE TYPE pair AS (a int, b int)", team)
for _ in "12":
    replacing.restore("theirs", "/tmp/theirs.dump")
replacing.check_dependents(["theirs"])
run("CREATE VIEW other.seen AS SELECT id FROM public.dag; ALTER TABLE other.t ADD FOREIGN KEY (a) REFERENCES public.dag", owner)
run("CREATE PUBLICATION changes FOR TABLE public.dag", owner)
try: replacing.check_dependents(["theirs"])
except databases.BackupError as error: print(error)
with databases.connected("theirs") as cursor:
    assert databases.contents_of(cursor)["rows"] == dumped["rows"] == {"public.dag": 2, "public.run": 0}
    print(databases.rows_of(cursor, "SELECT extname FROM pg_extension ORDER BY 1"))
run("CREATE TABLE public.foreign_one (a int)", owner)
try: databases.dump("theirs", "/tmp/again.dump")
except databases.BackupError as error: print(error)`);
  assert.match(
    found,
    /^constraint t_a_fkey on table other\.t, publication of table dag in publication changes, view other\.seen: outside the schema public of the theirs database, this depends on it/,
  );
  assert.match(found, /\n\[\('pg_stat_statements',\), \('plpgsql',\)\]\n/);
  assert.match(
    found,
    /table foreign_one in the schema public belongs to airflow, so a restoration could not/,
  );
});

test("while the store is away a backup is proven and kept, and fails; it is copied once the store is back", async () => {
  const before = await latest();
  store.cut();
  await assert.rejects(
    stack.run("now"),
    /backup \w+ is proven and in the volume, but has no copy: .*Could not connect/s,
  );
  const id = await latest();
  assert.notEqual(id, before);
  const known = await stack.list("all");
  assert.match(
    known.failure?.fault ?? "",
    new RegExp(`^backup ${id} is proven and in the volume, but has no copy`),
  );
  assert.match(known.unlisted ?? "", /could not be listed/);
  const stop = stack.serve(2);
  await waitFor("a second attempt", 60, async () => {
    const { failure } = await stack.list("list");
    return failure && known.failure && failure.at > known.failure.at ? true : undefined;
  });
  await store.mend();
  await waitFor("the copy", 60, async () => ((await stack.list("list")).failure ? undefined : true));
  assert.equal((await places(stack))[id], "volume,bucket");
  assert.equal(await latest(), id);
  await stop();
});

test("an installation with an empty volume has the backups of its bucket", async () => {
  const id = await latest();
  const sum = (text: string) => text.split(" ")[0];
  const made = await stack.shell(`sha256sum < /backups/${id}.tar.age`);
  await stack.shell("rm /backups/*");
  assert.deepEqual(Object.values(await places(stack)), ["bucket"]);
  const sent = await stack.shell(`python3 /opt/backup/backup.py send ${id} | sha256sum`);
  assert.equal(sum(sent), sum(made));
  await assert.rejects(
    stack.run("send", "20200101T000000Z"),
    /there is no backup 20200101T000000Z in the volume or s3:\/\/team-backups/,
  );
});

test("another installation in the same place lists backups that it has no key for, and removes none", async () => {
  const before = Object.keys(await places(stack));
  await other.start({ keep: 1 }, "another-key-than-in-the-stack");
  const found = await other.list("all");
  assert.deepEqual([found.backups, found.others?.map(({ id }) => id)], [[], before]);
  for (const _ of "12") await other.run("now");
  assert.equal(Object.keys(await places(other)).length, 1);
  assert.deepEqual(Object.keys(await places(stack)), before);
});

test("a machine with the same keys leaves the copies of another one alone until it takes them over", async () => {
  const before = await places(stack);
  await other.start({ keep: 1 }, key);
  const theirs = /has the copies of stack \w+ in another installation, with the same keys/;
  await assert.rejects(other.run("now"), theirs);
  assert.deepEqual(await places(stack), before);
  await other.run("take-over");
  await other.run("now");
  assert.deepEqual(Object.values(await places(other)), ["volume,bucket"]);
  await assert.rejects(stack.run("now"), theirs);
});
