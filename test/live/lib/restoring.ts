import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Npm } from "./developing.ts";

/** Asserts that a restored backup brings back a row that was changed since, and that every queue and worker works then. */
export async function restores(npm: Npm, t: TestContext): Promise<void> {
  const variables = (...words: string[]) => npm("shell", "scheduler", "airflow", "variables", ...words);
  await variables("set", "kept", "before");
  const taken = await npm("backup");
  assert.match(taken, /proven in [\d.]+ s: \d+ rows are the same/);
  const [, id = ""] = /^Backup (\w+), .* is proven\./m.exec(taken) ?? [];
  await variables("set", "kept", "after");
  const begin = Date.now();
  const restored = await npm("restore", "--from", id, "--yes");
  t.diagnostic(`restored in ${Math.round((Date.now() - begin) / 1000)} s`);
  assert.match(restored, /Every queue and every worker works/);
  assert.match(restored, new RegExp(`^Restored backup ${id} `, "m"));
  assert.equal((await variables("get", "kept")).trim().split("\n").at(-1), "before");
}
