import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { builtVersions } from "../../../images/local.ts";
import { project } from "../../../tools/lib/process.ts";

const read = (path: string) => readFileSync(join(project, "images", path), "utf8");

/** Requirements of a lock, each with its hashes on the same line. */
function requirements(lock: string): string[] {
  return lock
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line !== "");
}

const locks = [...builtVersions().map((version) => `requirements-${version}.lock`), "uv.txt"];

for (const lock of locks) {
  test(`${lock} names one version of each package, with hashes`, () => {
    const lines = requirements(read(`airflow/${lock}`));
    assert.notEqual(lines.length, 0);
    for (const line of lines) assert.match(line, /^[\w.-]+==[\w.!+-]+( +--hash=sha256:[0-9a-f]{64})+$/);
  });
}

test("all images install packages from a lock, and check its hashes", () => {
  assert.equal(read("packages/uv.txt"), read("airflow/uv.txt"));
  const installs = ["airflow/Dockerfile", "packages/install"].map((path) =>
    read(path)
      .replaceAll("\\\n", " ")
      .split("\n")
      .filter((line) => /pip install .*(\.lock|uv\.txt)/.test(line)),
  );
  assert.deepEqual(
    installs.map(({ length }) => length),
    [2, 1],
  );
  for (const line of installs.flat()) assert.match(line, /--require-hashes/);
});
