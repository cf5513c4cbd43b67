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

/** Settings that give the webserver two processes of gunicorn, which are replaced once a day. */
export const gunicorn = { api: { server_type: "gunicorn", workers: 2, worker_refresh_interval: 86400 } };

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

/** Lists the living processes whose event loops turn, by their ids in the container. */
async function serving(stack: TestStack): Promise<readonly string[]> {
  const ids = "ls /dev/shm/heartbeats | cut -d- -f1";
  const alive = `for id in $(${ids}); do [ ! -d /proc/$id ] || echo $id; done`;
  return (await stack.exec("webserver", "sh", "-c", alive)).match(/\d+/g) ?? [];
}

/** Asserts that two processes of gunicorn serve, and that no request fails while one is replaced, by the signal that it gets each day. */
export async function replacedUnderRequests(stack: TestStack): Promise<void> {
  const { webserverUrl } = stack.outputs;
  const two = async (without?: string) => {
    const now = await serving(stack);
    return now.length === 2 && !(without && now.includes(without)) ? now : undefined;
  };
  const [oldest = ""] = await waitFor("two processes", 60, () => two());
  await stack.exec("webserver", "sh", "-c", `kill -s TERM ${oldest}`);
  const statuses: (number | undefined)[] = [];
  await waitFor("a new process", 60, async () => {
    for (let at = 0; at < 20; at++) statuses.push(await status(webserverUrl));
    return two(oldest);
  });
  assert.deepEqual(new Set(statuses), new Set([200]));
  const health = "{{.State.Health.Status}} {{.RestartCount}}";
  assert.equal(
    (await docker("inspect", "--format", health, `${stack.prefix}-webserver`)).trim(),
    "healthy 0",
  );
}
