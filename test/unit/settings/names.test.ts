import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isEmpty } from "../../../platforms/ownership/known.ts";
import { readStackFile, settingsFromPulumi } from "../../../settings/read/read.ts";
import { schema } from "../../../settings/schema/schema.ts";
import { Stack } from "../../../tools/lib/stack.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("names");

/** Writes an empty stack file of a name, and returns its path. */
function fileOf(stack: string): string {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  writeFileSync(file, "config: {}\n");
  return file;
}

const spelt = {
  "my stack": "my-stack",
  Prod_EU: "prod-eu",
  "-a": "a",
  "a.b": "a-b",
  __: "NAME",
  [`${"a".repeat(54)}_b`]: "a".repeat(54),
};

for (const [name, right] of Object.entries(spelt)) {
  test(`a new stack cannot have the name ${name}`, () => {
    const message = `The stack's configuration has 1 fault(s):
  ${fileOf(name)}:1: the stack's name is ${name}; expected a-z, 0-9 and '-', a letter or digit first and last, 55 at most: stacks/Pulumi.${right}.yaml`;
    assert.throws(() => readStackFile(fileOf(name), true), { message });
    assert.throws(() => settingsFromPulumi({ raw: {}, secret: [], stack: name, isNew: true }, fileOf(name)), {
      message,
    });
  });
}

test("a new stack may have the name dev, prod-eu-2, 2024, or one of 55 letters", () => {
  for (const name of ["dev", "prod-eu-2", "2024", "a".repeat(55)])
    assert.doesNotThrow(() => readStackFile(fileOf(name), true), name);
});

test("a deployed stack keeps a name that a new stack cannot have", () => {
  for (const name of Object.keys(spelt)) {
    assert.equal(readStackFile(fileOf(name)).adminUser, "admin");
    const config = { raw: {}, secret: [], stack: name, isNew: false };
    assert.equal(settingsFromPulumi(config, fileOf(name)).adminUser, "admin");
  }
});

test("a stack counts as deployed once its state has more than the stack itself", () => {
  const root = { type: "pulumi:pulumi:Stack" };
  assert.deepEqual([[], [root]].map(isEmpty), [true, true]);
  assert.equal(isEmpty([root, { type: "docker:index/volume:Volume" }]), false);
});

test("commands accept a name that a new stack cannot have only for a deployed stack", () => {
  const state = join(folder, "state");
  const stacks = join(state, ".pulumi/stacks/airflow");
  mkdirSync(stacks, { recursive: true });
  const stack = () => new Stack("Prod_EU", fileOf("Prod_EU"), state);
  assert.throws(() => stack().settings(), /the stack's name is Prod_EU; .*: stacks\/Pulumi\.prod-eu\.yaml/);
  const root = { type: "pulumi:pulumi:Stack" };
  const deployed = (...resources: readonly object[]) => {
    const checkpoint = { latest: { resources } };
    writeFileSync(join(stacks, "Prod_EU.json"), JSON.stringify({ checkpoint }));
  };
  deployed(root, { type: "docker:index/volume:Volume" });
  assert.equal(stack().settings().adminUser, "admin");
  deployed(root);
  assert.throws(() => stack().settings(), /the stack's name is Prod_EU/);
  assert.equal(stack().deployed().adminUser, "admin");
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
  ["dagBundles", [[{ name: "team-b", url: "https://g/b.git" }]]],
  ["adminUser", ["ann@example.com", "ann+test"]],
  ["variables", [{ "team/mail to": "x", ä: "y" }]],
  ["connections", [{ "my/db:1": { type: "http", host: "a" } }]],
  ["pools", [{ "pool of ann": { slots: 1 } }]],
  ["users", [{ "ann@example.com": { password: { file: "test/unit/settings/bad/files/good" } } }]],
  ["systemPackages", [["libpq5=15.10-0+deb12u1", "g++"]]],
];

test("names that Git, registries, clusters and Airflow accept are accepted", () => {
  for (const [key, values] of [
    ...valid,
    ["images", [cluster.images]],
    ["kubernetes", [cluster.kubernetes]],
  ] as const) {
    for (const value of values) assert.deepEqual(schema.safeParse({ [key]: value }).error?.issues ?? [], []);
  }
});
