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
  try {
    const locks = globSync(join(stack.folder, "state/.pulumi/locks/**/*.json"));
    const pids = locks.map((lock): number => JSON.parse(readFileSync(lock, "utf8")).pid);
    const isUp = (file: string) => existsSync(file) && readFileSync(file, "utf8").split("\0")[1] === "up";
    return pids.find((pid) => isUp(`/proc/${pid}/cmdline`));
  } catch {
    // A command that held the lock has ended meanwhile.
    return undefined;
  }
}

/** Sends signals to an `up`, the first so long after it has locked the stack. That has to be what ends it. */
async function cutOff(seconds: number, signals: readonly NodeJS.Signals[], end: RegExp): Promise<void> {
  let ended = false;
  const up = stack.up(config).finally(() => {
    ended = true;
  });
  const cut = async () => {
    const pid = await waitFor(
      "the CLI to lock the stack",
      60,
      async () => (ended ? assert.fail("the CLI ended before it was cut off") : lockedBy()),
      0.1,
    );
    await sleep(seconds * 1000);
    for (const signal of signals) {
      process.kill(pid, signal);
      await sleep(300);
    }
  };
  await assert.rejects(Promise.all([up, cut()]), end);
}

test("up cut off at eleven moments: the next one converges, and nothing is left behind", async () => {
  for (let moment = 0; moment < 10; moment++) {
    await cutOff(1.5 + moment * 0.7, ["SIGKILL"], /pulumi up failed with exit code null/);
  }
  await cutOff(6, ["SIGINT", "SIGINT"], /pulumi up failed with exit code 255:.*update cancell?ed/s);
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
