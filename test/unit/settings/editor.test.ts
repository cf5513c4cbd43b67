import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { parse, parseDocument } from "yaml";
import { project } from "../../../tools/lib/process.ts";
import { type BadRow, rows } from "./bad/rows.ts";
import { explained, firstLine, offered, underlined } from "./editor.ts";

function validator(file: string) {
  const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
  formats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(join(project, "stacks", file), "utf8")));
}

const valid = validator("schema.json");
const validDeclarations = validator("declarations.schema.json");

/** Errors of a stack file against the JSON Schema, from Ajv and from an editor. */
async function refusals(text: string): Promise<{ ajv: string[]; editor: string[] }> {
  const ajv = valid(parse(text))
    ? []
    : (valid.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
  return { ajv, editor: await underlined(text.startsWith(firstLine) ? text : `${firstLine}${text}`) };
}

const stackFiles = globSync("stacks/Pulumi.*.yaml", { cwd: project });
assert.notEqual(stackFiles.length, 0);
for (const file of stackFiles) {
  test(`${file} leads an editor to its schema, which accepts it`, async () => {
    const text = readFileSync(join(project, file), "utf8");
    assert.ok(text.startsWith(firstLine));
    assert.deepEqual(await refusals(text), { ajv: [], editor: [] });
  });
}

/** True for YAML, whose aliases have anchors. */
function isYaml({ config }: BadRow): boolean {
  const document = parseDocument(config, { logLevel: "error" });
  return document.errors.length === 0 && !/\*hunter2/.test(config);
}

const table = rows.filter(isYaml);

test("the table of bad stack files has faults that a schema can express, and faults that it cannot", () => {
  assert.ok(table.filter(({ expressible }) => expressible).length > 30);
  assert.ok(table.filter(({ expressible }) => !expressible).length > 30);
});

for (const { name, config, expressible } of table) {
  test(`${expressible ? "an editor refuses" : "the schema, which cannot express the fault, accepts"} ${name}`, async () => {
    const { ajv, editor } = await refusals(config);
    if (!expressible) return assert.deepEqual({ ajv, editor }, { ajv: [], editor: [] });
    assert.notDeepEqual(ajv, []);
    assert.notDeepEqual(editor, []);
  });
}

const good = `config:
  airflow:workers: "4"
  airflow:workerCpu: "0.5"
  airflow:production: "false"
  airflow:workerGroups: [{ name: jobs, queues: [2024, reports] }]
  airflow:labels: { cost.example.com/centre: 4711, audited: true }
  airflow:secrets: { fernetKey: { secure: v1:a }, adminPassword: { file: admin }, jwtSecret: { secret: airflow, key: jwt } }
  airflow:connections:
    db: { uri: { secure: v1:b } }
    api: { type: http, extra: { timeout: 3, nested: [{ deep: null }] } }
    aws: { type: aws, extra: { secure: v1:c } }
  airflow:variables: { plain: text, number: 3, list: [1, two], hidden: { secure: v1:d }, read: { file: x } }
  airflow:machines: [{ name: a, docker: unix:///var/run/docker.sock, address: 10.0.0.1, workers: { default: 1 } }]
  pulumi:tags: { team: data }
environment: [dev]
secretsprovider: passphrase
encryptionsalt: v1:salt
`;

test("an editor accepts a valid stack file, with encrypted values and quoted numbers", async () => {
  assert.deepEqual(await refusals(good), { ajv: [], editor: [] });
  assert.deepEqual(await refusals("# Nothing yet.\nconfig:\n"), { ajv: [], editor: [] });
});

test("an editor completes keys, inner keys and values, and explains a key with its default", async () => {
  const keys = await offered(`${firstLine}config:\n  air`);
  for (const key of ["airflow:workers", "airflow:workerGroups"]) assert.ok(keys.includes(key), key);
  assert.ok(
    (await offered(`${firstLine}config:\n  airflow:machines:\n    - name: a\n      `)).includes("docker"),
  );
  assert.deepEqual(await offered(`${firstLine}config:\n  airflow:platform: `), ["docker", "kubernetes"]);
  assert.match(
    await explained(`${firstLine}config:\n  airflow:workerMemory: 3`),
    /MiB that one worker may use.*Default: 2048/,
  );
});

test("a file of declarations may refer to secrets, and contain none", () => {
  const password = { file: "password" };
  const user = { role: "Op", password };
  assert.ok(
    validDeclarations({
      connections: { db: { password } },
      users: { ann: user },
      pools: { api: { slots: 2 } },
    }),
  );
  for (const bad of [{ users: { ann: { password: "s3cret" } } }, { pools: { api: {} } }, { workers: 2 }])
    assert.ok(!validDeclarations(bad), JSON.stringify(bad));
});
