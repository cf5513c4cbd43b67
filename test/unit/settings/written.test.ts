import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { parse } from "yaml";
import { readStackFile, settingsFromPulumi } from "../../../settings/read/read.ts";
import { rewritten } from "../../../settings/read/rewritten.ts";
import { withoutIndent } from "../../../settings/read/yaml/lineBreaks.ts";
import { declare } from "../mocks.ts";

const folder = mkdtempSync(join(tmpdir(), "airflow-written-"));
const stackFile = join(folder, "Pulumi.written.yaml");
const env = {
  ...process.env,
  PULUMI_BACKEND_URL: pathToFileURL(folder).href,
  PULUMI_CONFIG_PASSPHRASE: "of this test",
  PULUMI_STACK: "written",
};

function pulumi(...args: readonly string[]): string {
  return execFileSync("pulumi", args, {
    cwd: folder,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

before(() => {
  writeFileSync(join(folder, "Pulumi.yaml"), "name: airflow\nruntime: nodejs\n");
  pulumi("stack", "init", "written");
});
after(() => rmSync(folder, { recursive: true }));

/** Scalars without quotes that two versions of YAML, or two readers of one, understand in different ways. */
const scalars = [
  ..."0600 010 08 -010 +5 1_000 0b101 0o17 0x1F 1e3 1E3 1.5e3 1. .5 1.10 1.0 -0 +.5 0. 00 12345678901234567890".split(
    " ",
  ),
  ..."2024-01-01 2024-01-01T10:00:00Z 12:30:45 190:20:30 1:30 .inf -.Inf .nan .NaN".split(" "),
  ..."yes no on off Yes NO On OFF y n Y N true True TRUE false False FALSE nil none None NULL_ ~x = << .".split(
    " ",
  ),
];

/** Any text that needs no quotes, of characters from numbers, times and words. */
const plainText = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...scalars) },
    fc.string({ unit: fc.constantFrom(..."0123456789abefoxTZyn_+-.:"), minLength: 1, maxLength: 12 }),
  )
  .filter(
    (text) =>
      !/^[-?:](\s|$)|:$|^---|^\.\.\.|^-$/.test(text) && parse(`a: ${text}`, { version: "1.2" }).a !== null,
  );

/** Any text in quotes. */
const quotedText = fc.oneof(
  fc.constantFrom(
    "",
    "null",
    "~",
    "Null",
    " ",
    "a\nb",
    "\n",
    "\n\ta",
    "\t\n",
    "\t",
    "# x",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "a: b",
    "- a",
  ),
  fc.constantFrom(...scalars),
  fc.string({ unit: fc.constantFrom(..."\n\t\r\u0085\u2028\u00a0 a#-:|"), maxLength: 6 }),
  fc.string({ unit: "binary" }).filter((text) => !/[\0\ud800-\udfff]/u.test(text)),
);

/** Any scalar as written in a file, with the text that it means. */
const scalar = fc.oneof(
  plainText.map((text) => ({ source: text, text })),
  quotedText.map((text) => ({ source: JSON.stringify(text), text })),
);

interface Scalar {
  readonly source: string;
  readonly text: string;
}

/** Returns a stack file with these scalars as variables, and as environment variables of all roles. */
function configOf(texts: readonly Scalar[]): string {
  const lines = (indent: string) =>
    texts.map(({ source }, at) => `${indent}n${String(at).padStart(3, "0")}: ${source}\n`).join("");
  return `config:\n  airflow:variables:\n${lines("    ")}  airflow:roles:\n    all:\n      env:\n${lines("        ")}`;
}

/** Returns the texts of a parsed stack as Airflow gets them. */
function textsOf({
  variables,
  roles,
}: ReturnType<typeof readStackFile>): [variables: string[], env: string[]] {
  return [Object.values(variables).map(String), Object.values(roles.all?.env ?? {})];
}

/** Returns the configuration that the CLI reads from a file. */
function cliConfigOf(file: string): Record<string, string> {
  const all: Record<string, { value: string }> = JSON.parse(
    pulumi("config", "--json", "--config-file", file),
  );
  return Object.fromEntries(
    Object.entries(all).map(([key, { value }]) => [key.replace("airflow:", ""), value]),
  );
}

const texts = fc.array(scalar, { minLength: 150, maxLength: 150 });

test("a text is read as it is written, even if other YAML readers take it for another value", () => {
  fc.assert(
    fc.property(texts, (given) => {
      writeFileSync(stackFile, configOf(given));
      const expected = given.map(({ text }) => text);
      assert.deepEqual(textsOf(readStackFile(stackFile)), [expected, expected]);
    }),
    { numRuns: 20 },
  );
});

test("the CLI reads the same texts from the file that is rewritten for it", () => {
  fc.assert(
    fc.property(texts, (given) => {
      const file = join(folder, "config.yaml");
      writeFileSync(stackFile, configOf(given));
      writeFileSync(file, rewritten(configOf(given), stackFile, {}));
      const expected = given.map(({ text }) => text);
      const raw = cliConfigOf(file);
      assert.deepEqual(
        textsOf(settingsFromPulumi({ raw, secret: [], stack: "written", isNew: true }, stackFile)),
        [expected, expected],
      );
      const values: unknown[] = Object.values(JSON.parse(raw.variables ?? ""));
      assert.deepEqual(values.map(String), expected.map(withoutIndent));
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test("texts are those of the stack file, even if the CLI reads the file itself and changes them", () => {
  // The CLI itself refuses numbers that JSON does not have.
  const expected = scalars.filter((text) => !/inf|nan/i.test(text));
  writeFileSync(stackFile, configOf(expected.map((source) => ({ source, text: source }))));
  const raw = cliConfigOf(stackFile);
  assert.notDeepEqual(Object.values(JSON.parse(raw.variables ?? "")).map(String), expected);
  assert.deepEqual(
    textsOf(settingsFromPulumi({ raw, secret: [], stack: "written", isNew: true }, stackFile)),
    [expected, expected],
  );
});

test("every key with texts keeps them as they are in the file", () => {
  writeFileSync(
    stackFile,
    `config:
  airflow:version: 3.3.2
  airflow:adminUser: "on"
  airflow:roles: { worker: { env: { UMASK: 0027, LIMIT: 1_000 } } }
  airflow:labels: { build: 1.10, day: 2024-01-01 }
  airflow:settings: { email: { from_email: 0x10 }, core: { dags_are_paused_at_creation: True } }
  airflow:redis: { settings: { lfu-log-factor: 010 } }
  airflow:connections: { a: { type: http, host: 0b101, login: 0123, schema: 1e3, extra: { mode: 0600, port: 5432 } } }
  airflow:workerGroups: [{ name: a, queues: [2024, 010] }]
`,
  );
  const { adminUser, roles, labels, settings, redis, connections, groups } = readStackFile(stackFile);
  assert.equal(adminUser, "on");
  assert.deepEqual(roles.worker?.env, { UMASK: "0027", LIMIT: "1_000" });
  assert.deepEqual(labels, { build: "1.10", day: "2024-01-01" });
  assert.deepEqual(
    [settings.email, settings.core],
    [{ from_email: "0x10" }, { dags_are_paused_at_creation: "True" }],
  );
  assert.deepEqual(redis.settings, { "lfu-log-factor": "010" });
  assert.deepEqual(connections.a, {
    type: "http",
    host: "0b101",
    login: "0123",
    schema: "1e3",
    extra: { mode: "0600", port: 5432 },
  });
  assert.deepEqual(groups.at(-1)?.queues, ["2024", "010"]);
});

test("Airflow's environment has the texts of the file", async () => {
  writeFileSync(
    stackFile,
    "config:\n  airflow:roles: { scheduler: { env: { A: 0600, B: 1_000, C: 2024-01-01 } } }\n",
  );
  const { roles } = readStackFile(stackFile);
  const declared = await declare({ roles: { scheduler: { env: { ...roles.scheduler?.env } } } });
  const { inputs } =
    declared.find(({ name, type }) => name === "scheduler" && type.startsWith("docker:")) ??
    assert.fail("no scheduler");
  for (const line of ["A=0600", "B=1_000", "C=2024-01-01"])
    assert.ok((inputs.envs as string[]).includes(line), line);
});

test("aliases have the values of their anchors, and << adds missing keys", () => {
  const text = `config:
  airflow:roles:
    scheduler: &role { memory: 2048, env: &env { LIMIT: 1_000 } }
    triggerer: { <<: *role, memory: 1024 }
    worker: { env: { <<: [*env, { UMASK: 0027 }] } }
  airflow:workerGroups: [{ name: a, queues: &queues [010, two] }]
  airflow:variables: { queues: *queues }
`;
  const file = join(folder, "config.yaml");
  writeFileSync(stackFile, text);
  writeFileSync(file, rewritten(text, stackFile, {}));
  const read = readStackFile(stackFile);
  const { roles, groups, variables } = read;
  assert.deepEqual(roles.triggerer?.memory, 1024);
  assert.deepEqual(roles.triggerer?.env, { LIMIT: "1_000" });
  assert.deepEqual(roles.worker?.env, { LIMIT: "1_000", UMASK: "0027" });
  assert.deepEqual(groups.at(-1)?.queues, ["010", "two"]);
  assert.deepEqual(variables, { queues: ["010", "two"] });
  const given = { raw: cliConfigOf(file), secret: [], stack: "written", isNew: true };
  assert.deepEqual(settingsFromPulumi(given, stackFile), read);
});
