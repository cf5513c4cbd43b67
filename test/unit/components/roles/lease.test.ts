import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { timings } from "../../../../settings/model/timings.ts";
import { run } from "../../../../tools/lib/process.ts";

/** Reads a constant from a program of components/roles/lease. */
function constantOf(program: string, name: string): number {
  const text = readFileSync(
    new URL(`../../../../components/roles/lease/${program}`, import.meta.url),
    "utf8",
  );
  return Number(new RegExp(`^${name} = ([\\d.]+)$`, "m").exec(text)?.[1]);
}

test("a task's process is dead before the scheduler hands the task to another worker", () => {
  const { taskFence, taskDead, messageLost, leaseRenewal, heartbeatTimeout } = timings;
  const ended = taskFence + constantOf("fence.py", "INTERVAL") + constantOf("fence.py", "TERM_SECONDS");
  assert.ok(ended + 5 < taskDead, `${ended} s, and 5 for a busy machine`);
  // The scheduler looks rarely, which must not make a lease seem old.
  assert.ok(leaseRenewal + 2 * constantOf("watch.py", "INTERVAL") < taskFence);
  assert.ok(taskDead < messageLost && messageLost < 60);
  assert.ok(taskDead < constantOf("fence.py", "TOLERANCE") * heartbeatTimeout);
  assert.ok(
    constantOf("fence.py", "TOLERANCE") * heartbeatTimeout + constantOf("fence.py", "TERM_SECONDS") <
      heartbeatTimeout,
  );
  // Three minutes of silence, and one to start again.
  assert.ok(constantOf("fence.py", "TOLERANCE") * heartbeatTimeout >= 180 + 60);
});

test("the scheduler finds tasks in queues and leases among foreign entries", async () => {
  await run("python3", ["test/unit/components/roles/lease.py"]);
});

test("the scheduler decides from the database about tasks that Celery does not report", async () => {
  await run("python3", ["test/unit/components/roles/executor.py"]);
});

test("a worker tells the scheduler of a start that it gives up, and tries again with a token that is refused", async () => {
  await run("python3", ["test/unit/components/roles/supervisor.py"]);
});
