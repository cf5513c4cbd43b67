import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { survives } from "../lib/faults.ts";
import { isRunning, TestStack } from "../lib/harness.ts";
import { dropPackets } from "../lib/network.ts";
import { runsUndisturbed } from "../lib/undisturbed.ts";
import { docker, pauseBy } from "../targets/docker.ts";

const stack = new TestStack("livetest-faults", 18090);

after(() => stack.discard());

/** Surplus networks: two may have the same name, unlike containers and volumes. */
async function unknown(): Promise<string[]> {
  const networks = await docker("network", "ls", "--quiet", "--filter", `name=^${stack.prefix}$`);
  return networks.trim().split("\n").slice(1);
}

survives(stack, unknown);

/** Drops all packets of a container until it is started again. */
async function silence(container: string): Promise<void> {
  const pid = await docker("inspect", "--format", "{{.State.Pid}}", container);
  await dropPackets(Number(pid), { peers: [], share: 1 });
}

test("Redis replaced without a word to anybody: workers notice by themselves", async (t) => {
  await silence(`${stack.prefix}-redis`);
  const begin = Date.now();
  await stack.restart("redis");
  const naps = await stack.trigger("naps", { seconds: 1 });
  await runsUndisturbed(stack, "naps", naps, 6);
  const seconds = Math.round((Date.now() - begin) / 1000);
  // A worker that waits for an answer that never comes is killed at the end of its grace of 300 s.
  assert.ok(seconds < 240, `${seconds} s`);
  t.diagnostic(`all done ${seconds} s after the restart`);
});

/** Pauses containers while something else runs. */
async function paused(names: readonly string[], meanwhile: () => Promise<unknown>): Promise<void> {
  const containers = names.map((name) => `${stack.prefix}-${name}`);
  const frozen: string[] = [];
  try {
    for (const container of containers) {
      await pauseBy(() => docker("pause", container));
      frozen.push(container);
    }
    await meanwhile();
  } finally {
    if (frozen.length > 0) await docker("unpause", ...frozen);
  }
}

async function starts(): Promise<string[]> {
  return [...(await stack.instances())].map(([name, { start }]) => `${name} ${start}`).sort();
}

test("Postgres and the webservers silent for 45 s: no running task is tried again, and nothing is restarted", async () => {
  const before = await starts();
  const naps = await stack.trigger("naps", { seconds: 50 });
  await stack.tasks("naps", naps, "four running tasks", (tasks) => tasks.filter(isRunning).length === 4);
  await paused(["postgres", "webserver-1", "webserver-2"], () => sleep(45_000));
  await runsUndisturbed(stack, "naps", naps, 6);
  assert.deepEqual(await starts(), before);
});

test("Redis silent while tasks become due: they wait for it", async () => {
  let naps = "";
  await paused(["redis"], async () => {
    naps = await stack.trigger("naps", { seconds: 1 });
    await sleep(15_000);
  });
  await runsUndisturbed(stack, "naps", naps, 6);
});

test("messages that vanish from the broker: their tasks are queued again, and no attempt is charged", async (t) => {
  let naps = "";
  await paused(["worker-1", "worker-2"], async () => {
    naps = await stack.trigger("naps", { seconds: 1 });
    await stack.tasks("naps", naps, "six queued tasks", (tasks) =>
      tasks.every(({ state }) => state === "queued"),
    );
    assert.equal(await stack.broker("print(redis.delete('default'))"), "1");
  });
  const begin = Date.now();
  await runsUndisturbed(stack, "naps", naps, 6);
  const seconds = Math.round((Date.now() - begin) / 1000);
  assert.ok(seconds < 240, `${seconds} s`);
  t.diagnostic(`all done ${seconds} s after the loss`);
});
