import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { readStackFile } from "../../../settings/read/read.ts";
import { encrypted } from "../../../settings/schema/secret.ts";
import { project } from "../../../tools/lib/process.ts";
import { Stack, stackFile } from "../../../tools/lib/stack.ts";
import { writeSecret } from "../../../tools/secret.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

delete process.env.PULUMI_BACKEND_URL;
const folder = temporaryFolder("secret-test");
const file = join(folder, "Pulumi.unit.yaml");
const stack = new Stack("unit", file, join(folder, "state"));
const value = 'pass word: "#{}\nsecond line';

/** A value of the stack file, as the CLI decrypts it. */
async function decrypted(path: string): Promise<string> {
  return (await stack.pulumi(["config", "get", "--path", path])).replace(/\n$/, "");
}

test("a secret is written encrypted, and nothing else of the file is changed; the CLI decrypts it", async () => {
  copyFileSync(stackFile("prod"), file);
  const before = readFileSync(file, "utf8");
  await writeSecret(stack, "variables.token", value);
  await writeSecret(stack, 'airflow:connections["my.db"].uri', "postgresql://first");
  await writeSecret(stack, 'connections["my.db"].uri', "postgresql://second");
  const text = readFileSync(file, "utf8");
  const cipher = /^v1:[\w+/=]+:[\w+/=]+$/;
  assert.ok(text.startsWith(before));
  assert.match(
    text.slice(before.length).replaceAll(/v1:\S+/g, "CIPHER"),
    /^ {2}airflow:variables:\n {4}token:\n {6}secure: CIPHER\n {2}airflow:connections:\n {4}my.db:\n {6}uri:\n {8}secure: CIPHER\n$/,
  );
  const { config } = parse(text);
  assert.match(config["airflow:variables"].token.secure, cipher);
  for (const plain of ["pass word", "first", "second"]) assert.ok(!text.includes(plain));
  assert.equal(await decrypted("airflow:variables.token"), value);
  assert.equal(await decrypted('airflow:connections["my.db"].uri'), "postgresql://second");
  assert.equal(readStackFile(file).variables.token, encrypted);
});

test("a secret replaces its plain text, fills an empty object, and joins other secrets on one line", async () => {
  const beside = "  airflow:secrets: { fernetKey: { file: key }, adminPassword: s3cret } # Ours.\n";
  writeFileSync(file, `# First.\nconfig:\n${beside}  airflow:users:\n  # Last.\n  airflow:workers: 3\n`);
  await writeSecret(stack, "secrets.adminPassword", "9be27d4d3f4f1c0a");
  await writeSecret(stack, "users.ann.password", "4f1c0a9be27d4d3f");
  const text = readFileSync(file, "utf8").replaceAll(/v1:[^\s}]+/g, "CIPHER");
  assert.equal(
    text,
    `# First.
config:
  airflow:secrets: { fernetKey: { file: key }, adminPassword: { secure: CIPHER } } # Ours.
  airflow:users:
    ann:
      password:
        secure: CIPHER
    # Last.
  airflow:workers: 3
`,
  );
});

test("a stack file with a key twice gets no secret", async () => {
  const twice = join(folder, "Pulumi.twice.yaml");
  const text = "config:\n  airflow:workers: 1\n  airflow:workers: 2\n";
  writeFileSync(twice, text);
  await assert.rejects(
    writeSecret(new Stack("twice", twice, join(folder, "state")), "variables.token", "x"),
    /Pulumi\.twice\.yaml:3: airflow:workers appears twice, first in line 2/,
  );
  assert.equal(readFileSync(twice, "utf8"), text);
});

const refused: readonly [key: string, value: string, says: RegExp][] = [
  [
    "workers",
    "3",
    /^workers takes no secret; expected one of .*secrets\.fernetKey, .*connections\.NAME\.password/,
  ],
  [
    "secrets.fernetkey",
    "x",
    /^secrets\.fernetkey takes no secret; did you mean secrets\.fernetKey\? expected one of/,
  ],
  ["seecrets.Zk3vQ9pLx2", "x", /^… takes no secret; expected one of/],
  ["secrets.fernetKey=Zk3vQ9pLx2", "x", /^… takes no secret/],
  ["Zk3vQ9pLx2..x", "x", /^… is not a key/],
  ["secrets..x", "x", /is not a key; expected one like secrets\.fernetKey/],
  ["secrets.fernetKey", "s3cret", /^secrets\.fernetKey is \[secret\]; expected a fernet key/],
  ["secrets.adminPassword", "", /^secrets\.adminPassword is empty/],
];

for (const [key, given, says] of refused) {
  test(`the secret ${key}: ${given} is refused, and the file stays as it is`, async () => {
    const before = readFileSync(file, "utf8");
    await assert.rejects(writeSecret(stack, key, given), { message: says });
    assert.equal(readFileSync(file, "utf8"), before);
  });
}

test("npm run secret refuses the value as an argument, without showing it", () => {
  const args = [join(project, "tools/secret.ts"), "secrets.fernetKey", "s3cret"];
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /^There is one argument too many; the value is never an argument/);
  assert.ok(!(stderr + stdout).includes("s3cret"));
});
