import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { SecretSource } from "../../../settings/schema/secret.ts";
import { presentData } from "../../../tools/lib/backup/present.ts";
import { sharedServerFault, urlsIn, urlsOf } from "../../../tools/lib/backup/servers.ts";
import { Stack } from "../../../tools/lib/stack.ts";
import { writeSecret } from "../../../tools/secret.ts";
import { ensureStackFile } from "../../../tools/upgrade/stackFile.ts";
import { settingsFor } from "../settingsFrom.ts";
import { withPrograms } from "../standIns.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

delete process.env.PULUMI_BACKEND_URL;
const folder = temporaryFolder("stack-file");
const kept = new Stack("unit", join(folder, "Pulumi.unit.yaml"), join(folder, "kept"));
// The same stack on a machine without the state of the first one.
const lost = new Stack("unit", join(folder, "lost.yaml"), join(folder, "lost"));
const password = "9be27d4d3f4f1c0a";

writeFileSync(kept.file, "config:\n  airflow:workers: 3 # Ours.\n");
await writeSecret(kept, "secrets.adminPassword", password);
await writeSecret(kept, 'connections["my.db"].uri', "postgresql://first");
copyFileSync(kept.file, lost.file);
const config = {
  workers: "3",
  secrets: JSON.stringify({ adminPassword: password }),
  connections: JSON.stringify({ "my.db": { uri: "postgresql://first" } }),
};
const decrypted = async (stack: Stack) =>
  (await stack.pulumi(["config", "get", "--path", "airflow:secrets.adminPassword"])).trim();

test("values that another key has encrypted are named with file, line and mend", async () => {
  assert.equal(await decrypted(kept), password);
  assert.deepEqual(await kept.foreignSecrets(), []);
  await assert.rejects(decrypted(lost), ({ message }: Error) => {
    const said = (line: number, key: string, quoted = key) =>
      `${lost.file}:${line}: ${key} was encrypted for another stack, or with a key that is lost; ` +
      `expected an encrypted value: npm run secret -- ${quoted} --stack unit writes it.`;
    assert.deepEqual(message.split("\n"), [
      said(4, "secrets.adminPassword"),
      said(8, 'connections["my.db"].uri', `'connections["my.db"].uri'`),
      "A restore from a backup encrypts the values anew that the backup has.",
    ]);
    return true;
  });
});

test("a restore encrypts such values anew and keeps the rest of the file; a value that the backup lacks is named first", async () => {
  const before = readFileSync(lost.file, "utf8");
  await assert.rejects(
    ensureStackFile(lost, { config: { workers: "3", connections: config.connections } }),
    /lost\.yaml:4: secrets\.adminPassword was encrypted for another stack/,
  );
  assert.equal(readFileSync(lost.file, "utf8"), before);
  await ensureStackFile(lost, { config });
  assert.equal(await decrypted(lost), password);
  const shape = (text: string) => text.replaceAll(/v1:\S+/g, "CIPHER");
  assert.equal(shape(readFileSync(lost.file, "utf8")), shape(before));
  const own = readFileSync(kept.file, "utf8");
  await ensureStackFile(kept, { config });
  assert.equal(readFileSync(kept.file, "utf8"), own);
});

test("a stack that gets the data of another one may not have its servers, however their URLs are given", async () => {
  const place = "postgresql://airflow:first@db.example.com/airflow";
  const redis = "rediss://:not-guessed@redis.example.com:6379/0";
  const first = { prefix: "airflow-prod" };
  const given = {
    workers: "3",
    postgres: JSON.stringify({ url: place, memory: 1024 }),
    redis: JSON.stringify({ url: redis }),
  };
  const others = await urlsIn(given, first);
  const fault = (urls: Parameters<typeof sharedServerFault>[0]) => sharedServerFault(urls, others, "prod");
  const second = new Stack("unit", join(folder, "second.yaml"), join(folder, "kept"));
  writeFileSync(second.file, "config: {}\n");
  await writeSecret(
    second,
    "postgres.url",
    "postgresql://of-another:3f1c0a9be27d@DB.example.com:5432/airflow",
  );
  const urls = await urlsOf(second, second.deployed());
  assert.equal(
    fault(urls),
    "postgres.url names a database of stack prod, which the backup is from; expected a database for this stack alone",
  );
  const file = join(folder, "url");
  writeFileSync(file, `${place}\n`);
  assert.match(fault({ "postgres.resultsUrl": { file } }) ?? "", /^postgres\.resultsUrl names a database/);
  assert.match(fault({ "redis.url": redis }) ?? "", /^redis\.url names/);
  for (const own of [
    {},
    { "postgres.url": `${place}_second` },
    { "redis.url": redis.replace("/0", "/1") },
    { "postgres.url": { file: join(folder, "of-another-machine") } },
    { "postgres.url": { secret: "urls", key: "postgres" } },
  ])
    assert.equal(fault(own), undefined);
  assert.equal(
    sharedServerFault(urls, await urlsIn({ postgres: '{"memory":1024}' }, first), "prod"),
    undefined,
  );
});

test("such servers are compared, too, if their URLs are in Secrets that kubectl shows", async () => {
  const data = (url: string) => JSON.stringify({ data: { url: Buffer.from(url).toString("base64") } });
  const url = "postgresql://airflow:9be27d4d3f4f@db.example.com/airflow";
  const kubectl = `#!/bin/sh
case "$*" in
  "--context c --namespace first get secret db --output json") echo '${data(url)}' ;;
  "--namespace airflow-second get secret own --output json") echo '${data(url.replace("db.", "DB."))}' ;;
  "--namespace airflow-second get secret odd --output json") echo '${data("db.example.com")}' ;;
  *) exit 1 ;;
esac`;
  const at = (secret: string, key = "url") => ({ url: { secret, key } });
  const given = {
    kubernetes: JSON.stringify({ context: "c", namespace: "first" }),
    postgres: JSON.stringify(at("db")),
  };
  const fault = async (postgres: { url: SecretSource }) => {
    const settings = { postgres: { ...settingsFor({}).postgres, ...postgres }, redis: settingsFor({}).redis };
    const second = await urlsOf({ prefix: "airflow-second", pulumi: async () => "" }, settings);
    return sharedServerFault(second, await urlsIn(given, { prefix: "airflow-prod" }), "prod");
  };
  await withPrograms({ kubectl }, async () => {
    assert.match((await fault(at("own"))) ?? "", /^postgres\.url names a database of stack prod/);
    assert.match((await fault({ url })) ?? "", /^postgres\.url names a database of stack prod/);
    for (const other of [at("own", "elsewhere"), at("unreadable"), at("odd")])
      assert.equal(await fault(other), undefined);
  });
});

test("an external database counts as having data, even without a state", () => {
  const external = settingsFor({ postgres: { url: "postgresql://own:3f1c0a9be27d@db.example.com/airflow" } });
  assert.equal(presentData("prod", true, settingsFor({})), undefined);
  assert.equal(presentData("prod", false, settingsFor({})), "The data of stack prod");
  for (const isNew of [true, false])
    assert.equal(
      presentData("prod", isNew, external),
      "The data in the external database of stack prod (postgres.url)",
    );
});
