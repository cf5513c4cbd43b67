import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readStackFile } from "../../../settings/read/read.ts";

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
