import assert from "node:assert/strict";
import { after, test } from "node:test";
import { run } from "../../tools/process.ts";
import { docker } from "./docker.ts";
import { survives } from "./faults.ts";
import { assertUndisturbed, TestStack } from "./harness.ts";

const stack = new TestStack("livetest-faults", 18090);

after(() => stack.remove());

/** Networks beside the first: two may have the same name. Containers and volumes cannot. */
async function unknown(): Promise<string[]> {
  const networks = await docker("network", "ls", "--quiet", "--filter", `name=^${stack.prefix}$`);
  return networks.trim().split("\n").slice(1);
}

survives(stack, unknown);

/** From now on, until it is started again, all that a container says and is told is lost. */
async function silence(container: string): Promise<void> {
  const pid = (await docker("inspect", "--format", "{{.State.Pid}}", container)).trim();
  const inside = ["--target", pid, "--net", "iptables", "--append"];
  await run("nsenter", [...inside, "INPUT", "!", "--in-interface", "lo", "--jump", "DROP"]);
  await run("nsenter", [...inside, "OUTPUT", "!", "--out-interface", "lo", "--jump", "DROP"]);
}

test("Redis replaced without a word to anybody: workers notice by themselves", async (t) => {
  await silence(`${stack.prefix}-redis`);
  const begin = Date.now();
  await stack.restart("redis");
  const naps = await stack.trigger("naps", { seconds: 1 });
  assertUndisturbed(await stack.finished("naps", naps), 6);
  const seconds = Math.round((Date.now() - begin) / 1000);
  // A worker that waits for an answer that never comes is killed at the end of its grace of 300 s.
  assert.ok(seconds < 120, `${seconds} s`);
  t.diagnostic(`all done ${seconds} s after the restart`);
});
