import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { project } from "../../../tools/lib/process.ts";

/** Most files directly in a folder. */
const mostFiles = 15;

/** Most lines of a source file outside of unit tests. */
const mostLines = 300;

/** Folders of test data, which readers do not need as a whole. */
const apart = ["test/unit/importer/inputs", "test/unit/settings/bad/files"];

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: project,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(project, file)));

test(`no folder has more than ${mostFiles} files directly in it, except test data`, () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  const crowded = [...counts].filter(([folder, count]) => count > mostFiles && !apart.includes(folder));
  assert.deepEqual(crowded, []);
});

test(`no source file outside of unit tests has more than ${mostLines} lines`, () => {
  const lines = (file: string) => readFileSync(join(project, file), "utf8").trimEnd().split("\n").length;
  const isSource = (file: string) => /\.(ts|py|sh|c)$/.test(file) && !file.startsWith("test/unit/");
  const long = files.filter((file) => isSource(file) && lines(file) > mostLines);
  assert.deepEqual(long, []);
});
