import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readStackFile } from "../../../settings/read/read.ts";
import { schema } from "../../../settings/schema/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "airflow-names-"));
after(() => rmSync(folder, { recursive: true }));

/** Writes an empty stack file of a name, and returns its path. */
function fileOf(stack: string): string {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  writeFileSync(file, "config: {}\n");
  return file;
}

for (const name of ["my stack", "Prod_EU", "-a", "a.b", "a".repeat(56)]) {
  test(`a stack is not called ${name}`, () => {
    const message = `The stack's configuration has 1 fault(s):
  ${fileOf(name)}:1: the stack's name is ${name}; expected a-z, 0-9 and '-', a letter or digit first and last, 55 at most: stacks/Pulumi.NAME.yaml`;
    assert.throws(() => readStackFile(fileOf(name)), { message });
  });
}

test("a stack is called dev, prod-eu-2 and 2024", () => {
  for (const name of ["dev", "prod-eu-2", "2024", "a".repeat(55)]) readStackFile(fileOf(name));
});

const cluster = {
  images: {
    airflow: "registry.example.com:5000/team/airflow:3.3.2_b1",
    postgres: `postgres:16.10@sha256:${"0".repeat(64)}`,
    redis: "r__1/re-dis:7",
  },
  kubernetes: {
    namespace: "a-namespace-of-more-than-thirty-two-letters",
    pullSecrets: ["registry.example.com"],
    storage: { class: "ebs.csi.aws.com", sharedClass: "efs.csi.example.com" },
    ingress: {
      class: "nginx.v1",
      namespace: "2-web",
      webserver: "a.example.com",
      tlsSecret: "a.example.com",
    },
    egress: { to: ["255.255.255.255/32"] },
    controlLabels: { "node.example.com/pool": "" },
  },
};

const valid: readonly (readonly [key: string, values: readonly unknown[]])[] = [
  [
    "dagsGit",
    ["feature/a#1", "v1.0+build", "übung", "release/2.1"].map((ref) => ({ url: "https://g/d.git", ref })),
  ],
  ["adminUser", ["ann@example.com", "ann+test"]],
  ["variables", [{ "team/mail to": "x", ä: "y" }]],
  ["connections", [{ "my/db:1": { type: "http", host: "a" } }]],
  ["pools", [{ "pool of ann": { slots: 1 } }]],
  ["users", [{ "ann@example.com": { password: { file: "test/unit/settings/bad/files/good" } } }]],
  ["systemPackages", [["libpq5=15.10-0+deb12u1", "g++"]]],
];

test("names are taken that Git, registries, clusters and Airflow take", () => {
  for (const [key, values] of [
    ...valid,
    ["images", [cluster.images]],
    ["kubernetes", [cluster.kubernetes]],
  ] as const) {
    for (const value of values) assert.deepEqual(schema.safeParse({ [key]: value }).error?.issues ?? [], []);
  }
});
