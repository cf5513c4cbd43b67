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

/** Settings that give the webserver two processes of gunicorn. */
export const gunicorn = { api: { server_type: "gunicorn", workers: 2 } };

/** Asserts that two processes of gunicorn serve with a heartbeat each, and that the webserver is healthy. */
export async function serveUnderGunicorn(stack: TestStack): Promise<void> {
  const beats =
    "for pid in $(ls /dev/shm/heartbeats | cut -d- -f1); do [ ! -e /proc/$pid ] || echo $pid; done";
  const serving = (await stack.exec("webserver", "sh", "-c", beats)).trim().split("\n");
  assert.equal(serving.length, 2, String(serving));
  const health = "{{.State.Health.Status}} {{.RestartCount}}";
  const container = `${stack.prefix}-webserver`;
  assert.equal((await docker("inspect", "--format", health, container)).trim(), "healthy 0");
  // Uvicorn would spawn them.
  assert.doesNotMatch(await docker("top", container, "-eo", "pid,args"), /spawn_main/);
}
