import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { run, waitFor } from "../../tools/process.ts";
import { docker } from "./docker.ts";
import { TestStack } from "./harness.ts";

const stack = new TestStack("livetest-killed", 18130);
const config = { workers: 1 };

after(() => stack.remove());

/** The `pulumi up` that holds the lock of the stack. */
function lockedBy(): number | undefined {
  const locks = globSync(join(stack.folder, "state/.pulumi/locks/**/*.json"));
  const pids = locks.map((lock): number => JSON.parse(readFileSync(lock, "utf8")).pid);
  const isUp = (file: string) => existsSync(file) && readFileSync(file, "utf8").split("\0")[1] === "up";
  return pids.find((pid) => isUp(`/proc/${pid}/cmdline`));
}

test("up killed at ten moments: the next one converges, and nothing is left behind", async (t) => {
  const killed: number[] = [];
  for (let moment = 0; moment < 10; moment++) {
    const up = stack.up(config).then(
      () => "done",
      () => "killed",
    );
    const pid = await waitFor("the CLI to lock the stack", 30, async () => lockedBy(), 0.1);
    const seconds = 1.5 + moment * 0.7;
    await sleep(seconds * 1000);
    process.kill(pid, "SIGKILL");
    assert.equal(await up, "killed");
    killed.push(seconds);
  }
  t.diagnostic(`killed ${killed.map((seconds) => seconds.toFixed(1)).join(", ")} s after the lock`);
  await stack.up(config);
  await stack.up(config, "--refresh", "--expect-no-changes");
  const running = [...(await stack.containers()).values()].filter(
    ({ State }) => State.Health?.Status === "healthy",
  );
  assert.equal(running.length, 8);
  assert.equal((await stack.containers()).size, 9);
  const orphans = await run("sh", [
    "-c",
    `grep -lsz 'PULUMI_BACKEND_URL=file://${stack.folder}/' /proc/[0-9]*/environ || true`,
  ]);
  assert.equal(orphans, "");
  const networks = await docker("network", "ls", "--quiet", "--filter", `name=^${stack.prefix}$`);
  assert.match(networks, /^\w+\n$/);
  const tasks = await stack.finished("get_stocks_dag", await stack.trigger("get_stocks_dag"));
  assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
});
