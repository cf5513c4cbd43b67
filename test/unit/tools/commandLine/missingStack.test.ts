import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../../../../tools/lib/process.ts";
import { Stack } from "../../../../tools/lib/stack.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("missing");
for (const name of ["Pulumi.prod.yaml", "Pulumi.eu.yaml", "Pulumi.late.yml", "schema.json"])
  writeFileSync(join(folder, name), "config: {}\n");

/** Returns the stack of a name, whose file would be in the folder. */
function stackOf(name: string): Stack {
  return new Stack(name, join(folder, `Pulumi.${name}.yaml`), join(folder, "state"));
}

const expected: readonly (readonly [name: string, says: string])[] = [
  [
    "prodd",
    `${folder}/Pulumi.prodd.yaml does not exist; did you mean prod? expected the stack file of stack prodd, or one of the stacks eu, prod.`,
  ],
  [
    "elsewhere",
    `${folder}/Pulumi.elsewhere.yaml does not exist; expected the stack file of stack elsewhere, or one of the stacks eu, prod.`,
  ],
  ["late", `${folder}/Pulumi.late.yml is not read; expected the name Pulumi.late.yaml: rename it`],
  [
    "stacks/Pulumi.prod.yaml",
    "--stack is stacks/Pulumi.prod.yaml; expected the name of the stack alone: prod",
  ],
];

for (const [name, message] of expected) {
  test(`a stack without a file is told by what there is: ${name}`, () => {
    assert.throws(() => stackOf(name).deployed(), { message });
  });
}

test("only a deployment advises to write a stack file", () => {
  const advice = "Write it, or copy one of stacks/: dev is for Docker, staging for Kubernetes.";
  assert.throws(
    () => stackOf("prodd").settings(),
    ({ message }: Error) => message.endsWith(`eu, prod. ${advice}`),
  );
  assert.throws(
    () => new Stack("a", join(folder, "none/Pulumi.a.yaml"), folder).deployed(),
    ({ message }: Error) =>
      message.endsWith("none/Pulumi.a.yaml does not exist; expected the stack file of stack a."),
  );
});

/** Runs a tool without an engine and without input, and returns its errors. */
function errorsOf(...args: readonly string[]): string {
  const env = { ...process.env, DOCKER_HOST: "tcp://127.0.0.1:1" };
  return spawnSync(process.execPath, args, { cwd: project, env, encoding: "utf8", input: "" }).stderr;
}

test("a repository to push to is judged before anything is built", () => {
  for (const name of ["Bad:Name", "registry.test/Team", "registry.test/team:1", "https://registry.test/team"])
    assert.match(errorsOf("tools/images.ts", "--push", name), /^--push is .*; expected a registry, or a rep/);
  assert.doesNotMatch(errorsOf("tools/images.ts", "--push", "localhost:5000"), /^--push/);
});

test("a missing stack file is told before a secret is asked for", () => {
  assert.match(
    errorsOf("tools/secret.ts", "variables.a", "--stack", "no-such"),
    /Pulumi\.no-such\.yaml does not exist; expected the stack file of stack no-such/,
  );
});
