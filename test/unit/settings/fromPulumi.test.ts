import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { declared } from "../../../settings/read/declared.ts";
import { settingsFromPulumi } from "../../../settings/read/read.ts";
import { parseStackFile } from "../../../settings/read/stackFile.ts";
import { pathOf, spell } from "../../../settings/schema/path.ts";
import { encrypted } from "../../../settings/schema/secret.ts";
import { settingsFrom } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("from-pulumi");
const absent = join(folder, "absent.yaml");
const machine = { name: "a", docker: "ssh://a", address: "10.0.0.1", workers: 3 };

/** Configuration as the CLI passes it, including the defaults of keys that a stack omits. */
function raw(values: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const defaults = Object.entries(declared()).map(([key, { default: value }]) => [key, value]);
  const all = Object.entries<unknown>({ ...Object.fromEntries(defaults), ...values });
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(all.map(([key, value]) => [key, text(value)]));
}

function fileWith(text: string): string {
  const file = join(folder, "Pulumi.ours.yaml");
  writeFileSync(file, text);
  return file;
}

/** Lists the faults of a stack, without the file name. */
function faultsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    const [, ...lines] = (error as Error).message.split("\n  ");
    return lines.map((line) => line.replace(/^\S+\.yaml:/, ""));
  }
  return [];
}

test("an empty stack has the same settings with and without the defaults that the CLI fills in", () => {
  assert.deepEqual(
    settingsFromPulumi({ raw: raw(), secret: [], stack: "ours", isNew: true }, absent),
    settingsFrom({}, () => ""),
  );
});

test("a default that the CLI fills in does not count as given, and conflicts with no key", () => {
  const file = fileWith("config:\n  airflow:machines: []\n");
  const passed = raw({ machines: [machine] });
  const settings = settingsFromPulumi({ raw: passed, secret: [], stack: "ours", isNew: true }, file);
  assert.deepEqual(
    settings.groups.map(({ name, workers }) => [name, workers]),
    [["worker-a", 3]],
  );
});

test("a value in the stack file counts as given, even if it is the default", () => {
  const file = fileWith("config:\n  airflow:machines: []\n  airflow:workers: 2\n");
  const passed = raw({ machines: [machine] });
  assert.deepEqual(
    faultsOf(() => settingsFromPulumi({ raw: passed, secret: [], stack: "ours", isNew: true }, file)),
    ["3: workers is 2; expected either this or machines, which count workers of their own"],
  );
});

test("a decrypted value is a secret where the stack file has it encrypted, and plain text elsewhere", () => {
  const file = fileWith(
    "config:\n  airflow:secrets:\n    adminPassword: { secure: v1:cipher }\n    brokerPassword: s3cret\n",
  );
  const passed = raw({ secrets: { adminPassword: "decrypted", brokerPassword: "s3cret" } });
  assert.deepEqual(
    faultsOf(() =>
      settingsFromPulumi({ raw: passed, secret: ["secrets"], stack: "ours", isNew: true }, file),
    ),
    [
      "4: secrets.brokerPassword is [plaintext]; expected an encrypted value: npm run secret -- secrets.brokerPassword --stack ours writes it",
    ],
  );
});

test("without a stack file a whole key is secret if the CLI marks it", () => {
  const passed = raw({ secrets: { adminPassword: "decrypted" } });
  const { secrets } = settingsFromPulumi(
    { raw: passed, secret: ["secrets"], stack: "ours", isNew: true },
    absent,
  );
  assert.deepEqual(secrets, { adminPassword: "decrypted" });
  assert.deepEqual(
    faultsOf(() => settingsFromPulumi({ raw: passed, secret: [], stack: "ours", isNew: true }, absent)),
    [
      "given on the command line: secrets.adminPassword is [plaintext]; expected an encrypted value: npm run secret -- secrets.adminPassword --stack ours writes it",
    ],
  );
});

test("an empty object counts as given, even without a stack file", () => {
  const passed = raw({ monitoring: {}, pgbouncer: {} });
  const read = settingsFromPulumi({ raw: passed, secret: [], stack: "ours", isNew: true }, absent);
  assert.deepEqual(read.monitoring, { retention: "30d", scrape: [] });
  assert.deepEqual(read.pgbouncer, { poolSize: 20, clients: 1000 });
  assert.deepEqual([read.backup, read.tracing], [undefined, undefined]);
});

test("the fault of a malformed secret does not show the secret", () => {
  const secrets = {
    adminPassword: "with,a,comma",
    brokerPassword: "with a space",
    jwtSecret: "4f1c0a9be27d4d3f",
  };
  assert.deepEqual(
    faultsOf(() => settingsFrom({ secrets: JSON.stringify(secrets) }, () => "x.yaml:1")),
    [
      "1: secrets.adminPassword is [secret]; expected printable ASCII characters, without spaces and commas",
      "1: secrets.brokerPassword is [secret]; expected printable ASCII characters, without spaces",
      "1: secrets.jwtSecret is [secret]; expected an Ed25519 private key in PEM, with all its lines: openssl genpkey -algorithm ed25519 makes one",
    ],
  );
});

test("encrypted values are found at any depth, and look-alikes are not taken for encrypted", () => {
  const text = `config:
  airflow:secrets: { fernetKey: { secure: v1:a } }
  airflow:machines: [{ name: { secure: v1:b }, labels: { secure: x, other: y } }]
  docker:host: { secure: v1:c }
`;
  const { values, ciphers, where } = parseStackFile(text, "f.yaml");
  assert.deepEqual(ciphers, [
    { path: ["secrets", "fernetKey"], text: "v1:a" },
    { path: ["machines", 0, "name"], text: "v1:b" },
  ]);
  assert.deepEqual(values, {
    secrets: { fernetKey: encrypted },
    machines: [{ name: encrypted, labels: { secure: "x", other: "y" } }],
  });
  assert.equal(where(["machines", 0, "no", "such"]), "f.yaml:3");
});

const noStackFiles: readonly [text: string, says: RegExp][] = [
  ["config: {\n", /fault\(s\):\n {2}f\.yaml:2: is not YAML: /],
  ["- config\n", /fault\(s\):\n {2}f\.yaml:1: is not a stack file; expected config: and below it keys/],
  [
    "# Empty.\nconfig: [airflow:workers]\n",
    /fault\(s\):\n {2}f\.yaml:2: is not a stack file; expected config: /,
  ],
];

for (const [text, says] of noStackFiles) {
  test(`the text ${JSON.stringify(text)} is refused as a stack file`, () => {
    assert.throws(() => parseStackFile(text, "f.yaml"), { message: says });
  });
}

test("a spelt path is read as the same path", () => {
  const paths = [
    ["secrets", "fernetKey"],
    ["workerGroups", 0, "queues"],
    ["connections", "my.db", "password"],
    ["a", '"[b]"'],
  ];
  for (const path of paths) assert.deepEqual(pathOf(spell(path)), path);
  for (const none of ["", ".a", "a.", "a[b]", "a b[", "a..b"])
    assert.throws(() => pathOf(none), /is not a key; expected/, none);
});
