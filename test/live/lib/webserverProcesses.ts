import assert from "node:assert/strict";
import { get } from "node:http";
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

/** Settings that give the webserver two processes of gunicorn, which are replaced every 15 s. */
export const gunicorn = { api: { server_type: "gunicorn", workers: 2, worker_refresh_interval: 15 } };

/** Asks for the version over a connection of its own; returns the status. */
function status(url: string): Promise<number | undefined> {
  return new Promise((done, failed) => {
    const request = get(`${url}/api/v2/version`, { agent: false }, (response) => {
      response.resume();
      done(response.statusCode);
    });
    request.on("error", failed);
  });
}

/** Lists the processes that serve, and those whose event loops have turned, by their ids in the container. */
async function serving(stack: TestStack): Promise<{ processes: string[]; beating: string[] }> {
  const inside = async (command: string) =>
    (await stack.exec("webserver", "sh", "-c", command)).match(/\d+/g);
  return {
    processes: (await inside("grep -als '[a]pi-server worker' /proc/[0-9]*/cmdline || :")) ?? [],
    beating: (await inside("ls /dev/shm/heartbeats | cut -d- -f1")) ?? [],
  };
}

/** Asserts that two processes of gunicorn serve, and that no request fails while both are replaced. */
export async function replacedUnderRequests(stack: TestStack): Promise<void> {
  const { webserverUrl } = stack.outputs;
  const before = await serving(stack);
  assert.ok(before.processes.length >= 2, String(before.processes));
  const statuses: (number | undefined)[] = [];
  const after = await waitFor("new processes", 60, async () => {
    for (let at = 0; at < 10; at++) statuses.push(await status(webserverUrl));
    const now = await serving(stack);
    return now.processes.some((id) => before.processes.includes(id)) ? undefined : now;
  });
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.ok(after.processes.length >= 2, String(after.processes));
  // The youngest process may still start.
  const silent = after.processes.filter((id) => !after.beating.includes(id));
  assert.ok(silent.length <= 1, `without a heartbeat: ${silent}`);
  const health = "{{.State.Health.Status}} {{.RestartCount}}";
  assert.equal(
    (await docker("inspect", "--format", health, `${stack.prefix}-webserver`)).trim(),
    "healthy 0",
  );
}
