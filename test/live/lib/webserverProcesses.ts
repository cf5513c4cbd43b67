import assert from "node:assert/strict";
import { waitFor } from "../../runner/waiting.ts";
import { docker, log } from "../targets/docker.ts";
import type { TestStack } from "./harness.ts";

/** Settings that give the webserver several processes, which start at the same time. */
export const severalProcesses = { api: { workers: 4 } };

const count = severalProcesses.api.workers;

/** Waits until every process of the webserver serves: an error of the last one to start counts too. */
export async function allServe({ prefix }: TestStack): Promise<void> {
  const serving = async () =>
    (await log(`${prefix}-webserver`)).match(/Application startup complete/g)?.length ?? 0;
  await waitFor(`${count} processes that serve`, 120, async () => (await serving()) >= count || undefined);
  const processes = await docker("top", `${prefix}-webserver`, "-eo", "pid,args");
  assert.equal(processes.match(/multiprocessing\.spawn import spawn_main/g)?.length, count, processes);
}

/** Asserts that no process of the webserver died, and that no log mentions a duplicate key. */
export async function noDuplicates(stack: TestStack): Promise<void> {
  const logOf = (name: string) => log(`${stack.prefix}-${name}`);
  // More starts than processes would mean that one has died.
  assert.equal((await logOf("webserver")).match(/Started server process/g)?.length, count);
  for (const name of (await stack.instances()).keys()) {
    const lines = (await logOf(name)).split("\n");
    assert.ok(lines.length > 1, `the log of ${name} is empty`);
    const duplicates = lines.filter((line) => /duplicate key|UniqueViolation|IntegrityError/i.test(line));
    assert.deepEqual(duplicates, [], `in the log of ${name}`);
  }
}
