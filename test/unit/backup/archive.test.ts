import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { parse } from "yaml";
import { identityOf } from "../../../components/backup/identity.ts";
import { readArchive } from "../../../tools/lib/backup/archive.ts";
import { sendTo } from "../../../tools/lib/backup/send.ts";
import { stackText } from "../../../tools/lib/backup/stackText.ts";
import { run } from "../../../tools/lib/process.ts";
import type { Place } from "../../../tools/lib/reach/place.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("archive");
const identity = await generateIdentity();
const dump = Buffer.alloc(300_000, "rows of a table ");

/** Writes an archive of the form that `components/backup/archive.py` writes. */
async function archive(name: string, listed = dump): Promise<string> {
  const contents = mkdtempSync(join(folder, "contents-"));
  const files: Record<string, string | Buffer> = {
    "metadata.dump": dump,
    "secrets.json": JSON.stringify({ values: { fernetKey: "one" }, previous: {}, older: {}, replaced: {} }),
    "stack.json": JSON.stringify({ workers: "3" }),
  };
  const sum = (data: string | Buffer) => ({
    bytes: data.length,
    sha256: createHash("sha256").update(data).digest("hex"),
  });
  const sums = Object.entries(files).map(([file, data]) => [
    file,
    sum(file === "metadata.dump" ? listed : data),
  ]);
  files["manifest.json"] = JSON.stringify({ id: "20260101T000000Z", files: Object.fromEntries(sums) });
  for (const [file, data] of Object.entries(files)) writeFileSync(join(contents, file), data);
  const tar = join(folder, `${name}.tar`);
  await run("tar", ["--create", `--file=${tar}`, `--directory=${contents}`, ...Object.keys(files).reverse()]);
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const sealed = join(folder, `${name}.tar.age`);
  writeFileSync(sealed, await encrypter.encrypt(readFileSync(tar)));
  return sealed;
}

const whole = await archive("whole");

test("an archive opens with one of several keys", async () => {
  const keys = `# made for a test\n${await generateIdentity()}\n${identity}\n`;
  const { manifest, secrets, config } = await readArchive(whole, keys);
  assert.equal(manifest.id, "20260101T000000Z");
  assert.equal(secrets.values.fernetKey, "one");
  assert.deepEqual(config, { workers: "3" });
});

test("a key that does not fit is refused, and no key is printed", async () => {
  await assert.rejects(
    readArchive(whole, await generateIdentity()),
    /is not restored; none of the keys fits/,
  );
  await assert.rejects(readArchive(whole, "hunter2"), (error: Error) => {
    assert.match(error.message, /expected a line that begins with AGE-SECRET-KEY-1/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

test("an archive with one flipped bit is refused, wherever the bit is", async () => {
  const bytes = readFileSync(whole);
  for (const at of [30, 250, 1000, Math.floor(bytes.length / 2), bytes.length - 1]) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    const file = join(folder, "flipped.tar.age");
    writeFileSync(file, flipped);
    await assert.rejects(readArchive(file, identity), /is not restored; /, `byte ${at}`);
  }
});

test("a truncated archive is refused", async () => {
  const file = join(folder, "short.tar.age");
  writeFileSync(file, readFileSync(whole).subarray(0, 200_000));
  await assert.rejects(readArchive(file, identity), /is not restored; it is damaged/);
});

test("an archive that a broken connection kept from its job is sent again, and once", async () => {
  const received = join(folder, "received");
  const exec = join(folder, "exec");
  const once = `test -e ${received}.broken || { touch ${received}.broken; head -c 9; echo broken pipe >&2; exit 1; }`;
  writeFileSync(exec, `#!/bin/sh\n${once}\ntest "$3" = receive && cat >> ${received}\n`, { mode: 0o755 });
  const job = { name: "restore", program: "sh", args: [exec], env: {} } as unknown as Place;
  const { promise: deployment, resolve: end } = Promise.withResolvers<void>();
  let looks = 0;
  const find = async () => {
    looks += 1;
    if (looks > 2) end();
    return job;
  };
  await sendTo(find, { file: whole, keys: identity }, deployment);
  assert.deepEqual(readFileSync(received), readFileSync(join(folder, "whole.tar")));
});

test("an archive whose file differs from the manifest is refused", async () => {
  const other = await archive("other", Buffer.from("other rows"));
  await assert.rejects(readArchive(other, identity), /metadata.dump is not what the manifest says/);
});

test("any text yields an age identity, and an age identity stays as it is", async () => {
  const key = identityOf("a text of any kind");
  assert.match(key, /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
  assert.equal(identityOf(key), key);
  assert.notEqual(identityOf("another text"), key);
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(key));
  const decrypter = new Decrypter();
  decrypter.addIdentity(key);
  assert.equal(await decrypter.decrypt(await encrypter.encrypt("told"), "text"), "told");
});

test("a stack file written from a backup omits defaults and keeps secrets apart", () => {
  const { text, secrets } = stackText({
    platform: "docker",
    version: "3.3.2",
    workers: "3",
    dagsImage: "",
    machines: "[]",
    canary: '{"every":"5m"}',
    secrets: '{"fernetKey":"from-the-file"}',
    connections: '{"my.db":{"type":"http","password":"of-the-connection"}}',
  });
  assert.deepEqual(parse(text), {
    config: {
      "airflow:workers": 3,
      "airflow:canary": { every: "5m" },
      "airflow:secrets": {},
      "airflow:connections": { "my.db": { type: "http" } },
    },
  });
  assert.deepEqual(secrets, {
    "secrets.fernetKey": "from-the-file",
    'connections["my.db"].password': "of-the-connection",
  });
});

test("an empty object in a backup counts as a given key, unless an earlier release made the backup", () => {
  const unset = '{"given":false}';
  const { text } = stackText({ canary: unset, monitoring: "{}", publish: unset, tracing: unset });
  assert.deepEqual(parse(text), { config: { "airflow:monitoring": {} } });
  const earlier = stackText({ canary: "{}", monitoring: "{}", publish: "{}", tracing: "{}", workers: "3" });
  assert.deepEqual(parse(earlier.text), { config: { "airflow:workers": 3 } });
});

test("the backup programs keep and copy the latest backups, compare restored data and refuse changed files", async () => {
  await run("python3", ["test/unit/backup/programs.py"]);
});
