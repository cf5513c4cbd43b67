import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readCheckpoint } from "../../../tools/lib/checkpoint.ts";
import { run } from "../../../tools/lib/process.ts";
import { waitFor } from "../../runner/waiting.ts";
import type { Config, TestStack } from "./harness.ts";

/** Finds the process id of the `pulumi up` that holds the lock of the stack; undefined if there is none. */
function lockedBy(stack: TestStack): number | undefined {
  try {
    const locks = globSync(join(stack.folder, "state/.pulumi/locks/**/*.json"));
    const pids = locks.map((lock): number => JSON.parse(readFileSync(lock, "utf8")).pid);
    const isUp = (file: string) => existsSync(file) && readFileSync(file, "utf8").split("\0")[1] === "up";
    return pids.find((pid) => isUp(`/proc/${pid}/cmdline`));
  } catch {
    // The command that held the lock has ended meanwhile.
    return undefined;
  }
}

/** Counts the resources in a stack's state, which the CLI may be writing. */
function resources({ folder, stack }: TestStack): number {
  try {
    return readCheckpoint(join(folder, "state"), stack.name)?.latest?.resources?.length ?? 0;
  } catch {
    return 0;
  }
}

/**
 * Deploys, sends signals to the CLI, and asserts that the CLI ends with an error.
 * @param due resolves when the first signal is to be sent; called once the CLI has locked the stack
 * @param end pattern of the error
 */
export async function cutOff(
  stack: TestStack,
  config: Config,
  due: () => Promise<unknown>,
  signals: readonly NodeJS.Signals[],
  end: RegExp,
): Promise<void> {
  let ended = false;
  const up = stack.up(config).finally(() => {
    ended = true;
  });
  const cut = async () => {
    const pid = await waitFor(
      "the CLI to lock the stack",
      60,
      async () => (ended ? assert.fail("the CLI ended before it was cut off") : lockedBy(stack)),
      0.1,
    );
    await due();
    for (const signal of signals) {
      process.kill(pid, signal);
      await sleep(300);
    }
  };
  await assert.rejects(Promise.all([up, cut()]), end);
}

/**
 * Declares a test of interrupted deployments, for any platform. Leaves the stack deployed.
 * @param expected sorted names of the instances that must be healthy, besides the migration
 * @param unknown lists what exists of the stack but is missing in its state
 * @param step number of resources between two cuts; the stack has more than five times as many
 */
export function converges(
  stack: TestStack,
  config: Config,
  expected: readonly string[],
  unknown: () => Promise<string[]>,
  step: number,
): void {
  test("up cut off at seven moments: the next one converges, and nothing is left behind", async () => {
    const killed = /pulumi up failed with exit code null/;
    await cutOff(stack, config, () => sleep(1500), ["SIGKILL"], killed);
    for (let count = step; count <= 5 * step; count += step) {
      const made = async () => (resources(stack) >= count ? true : undefined);
      const due = () => waitFor(`${count} resources in the state`, 120, made, 0.1);
      await cutOff(stack, config, due, ["SIGKILL"], killed);
    }
    // The second signal may find a CLI that has just finished.
    const cancelled = /pulumi up failed with exit code (255|null):.*cancell?(ed|ing)/s;
    await cutOff(stack, config, () => sleep(6000), ["SIGINT", "SIGINT"], cancelled);
    await stack.up(config);
    await stack.up(config, "--refresh", "--expect-no-changes");
    assert.deepEqual(await stack.names(), [...expected, "migration"].sort());
    const healthy = [...(await stack.instances())].filter(([, instance]) => instance.healthy);
    assert.deepEqual(healthy.map(([name]) => name).sort(), expected);
    const processes = `grep -lsz 'PULUMI_BACKEND_URL=file://${stack.folder}/' /proc/[0-9]*/environ || true`;
    assert.equal(await run("sh", ["-c", processes]), "");
    assert.deepEqual(await unknown(), []);
  });
}
