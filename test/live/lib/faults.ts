import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TaskInstance } from "../../../tools/lib/airflow.ts";
import { runningRoles } from "../../roleNames.ts";
import { waitFor } from "../../runner/waiting.ts";
import { seal } from "./away.ts";
import { hostOf, isRunning, mainProcess, type TestStack } from "./harness.ts";
import { converges } from "./killing.ts";
import { runsUndisturbed } from "./undisturbed.ts";

/** Tasks that run at the same time: fewer than a run has, so that the rest waits in Redis. */
const places = 4;

const config = {
  workers: 2,
  workerConcurrency: places / 2,
  workerMemory: 1024,
  schedulers: 2,
  webservers: 2,
};

/** Instances of the stack that keep running, unlike the migration. */
const healthy = [
  ...runningRoles.filter((role) => role !== "scheduler" && role !== "webserver"),
  ...[
    "postgres",
    "redis",
    "scheduler-1",
    "scheduler-2",
    "webserver-1",
    "webserver-2",
    "worker-1",
    "worker-2",
  ],
].sort();

/** Waits until workers say that they consume from the queue `default` alone; Flower leaves out who does not answer in time. */
async function consume(stack: TestStack, ...names: string[]): Promise<void> {
  type Workers = Record<string, { active_queues?: { name: string }[] }>;
  await waitFor(`${names.join(" and ")} to consume`, 60, async () => {
    const workers = await stack.flower<Workers>("/api/workers?refresh=1");
    const queues = names.map((name) => workers[`celery@${name}`]?.active_queues?.map((queue) => queue.name));
    return queues.every((queue) => queue?.join() === "default") ? true : undefined;
  });
}

function assertGreen(tasks: readonly TaskInstance[]): void {
  assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
}

/** Makes a worker no longer read its queue, although it answers; returns its answers to a ping and about its queues. */
export function deafen(stack: TestStack, worker: string, queue: string): Promise<string> {
  // A worker that reconnects misses a broadcast; it acts on one once no other waits, which is long after its answer if it is busy.
  const program =
    "import sys, time\n" +
    "from airflow.providers.celery.executors.celery_executor_utils import app\n" +
    "node, queue = ['celery@' + sys.argv[1]], sys.argv[2]\n" +
    "inspect = app.control.inspect(node, timeout=5, limit=1)\n" +
    "for attempt in range(12):\n" +
    "    app.control.cancel_consumer(queue, destination=node, reply=True, timeout=5, limit=1)\n" +
    "    time.sleep(1)\n" +
    "    queues = inspect.active_queues()\n" +
    "    if queues and not any(read['name'] == queue for read in queues[node[0]]): break\n" +
    "else: sys.exit(f'{node} still reads {queue}: {queues}')\n" +
    "print(inspect.ping(), queues)";
  return stack.exec("flower", "python", "-c", program, worker, queue);
}

/**
 * Declares tests of failures, for any platform.
 * @param unknown lists what exists of the stack but is missing in its state
 */
export function survives(stack: TestStack, unknown: () => Promise<string[]>): void {
  cpSync(join(import.meta.dirname, "../dags/sealed.py"), join(stack.dags, "sealed.py"));
  converges(stack, config, healthy, unknown, stack.target.name === "docker" ? 6 : 12);

  test("a worker killed in the middle of its tasks: they run again, elsewhere", async (t) => {
    const { run, on } = await stack.napping(places);
    const lost = on("worker-2");
    const killed = Date.now();
    const since = () => Math.round((Date.now() - killed) / 1000);
    await stack.crash("worker-2");
    const again = ({ task_id, try_number, state }: TaskInstance) =>
      !lost.includes(task_id) || (try_number === 2 && ["running", "success"].includes(state ?? ""));
    await stack.tasks("naps", run, "the lost tasks to run again", (tasks) => tasks.every(again));
    t.diagnostic(`${lost.length} tasks ran again ${since()} s after the kill`);
    const tasks = await stack.finished("naps", run);
    assertGreen(tasks);
    const second = tasks.filter(({ try_number }) => try_number === 2);
    assert.deepEqual(second.map(({ task_id }) => task_id).sort(), lost);
    // An engine leaves it down, a cluster starts it again.
    if (stack.target.name === "docker") {
      assert.deepEqual([...new Set(second.map(hostOf))], ["worker-1"]);
    }
    t.diagnostic(`all succeeded ${since()} s after the kill`);
  });

  test("a scheduler killed: the other one goes on", async (t) => {
    const killed = Date.now();
    await stack.crash("scheduler-1");
    const run = await stack.trigger("naps");
    await stack.tasks("naps", run, "a begun task", (tasks) => tasks.some((task) => task.start_date));
    assert.equal((await stack.instances()).get("scheduler-1")?.healthy, false);
    await runsUndisturbed(stack, "naps", run, 6);
    t.diagnostic(`a run was done ${Math.round((Date.now() - killed) / 1000)} s after the kill`);
  });

  test("killed instances are healthy again after a deployment", async () => {
    await stack.up(config, "--refresh");
    for (const name of ["worker-2", "scheduler-1"]) await stack.healthy(name, 60);
  });

  test("Redis restarted with queued messages: none is lost, and the workers consume again", async (t) => {
    const { run: first } = await stack.napping(places);
    const second = await stack.trigger("naps", { seconds: 1 });
    const waiting = await waitFor("messages in the queue", 60, async () => {
      const queued = await stack.queuedInFlower();
      return queued >= 6 ? queued : undefined;
    });
    const begin = Date.now();
    await stack.restart("redis");
    assert.doesNotMatch(await stack.target.log(stack.prefix, "redis"), /CRITICAL/);
    for (const run of [first, second]) await runsUndisturbed(stack, "naps", run, 6);
    await consume(stack, "worker-1", "worker-2");
    t.diagnostic(
      `${waiting} queued messages survived; all done ${Math.round((Date.now() - begin) / 1000)} s after the restart`,
    );
  });

  test("Postgres restarted while tasks run: they succeed, and no connection or variable is missing", async () => {
    await seal(stack.api);
    const seconds = 20;
    const naps = await stack.trigger("naps", { seconds });
    const sealed = await stack.trigger("sealed", { seconds });
    await stack.tasks("sealed", sealed, "a task that reads all the time", (tasks) => tasks.some(isRunning));
    await stack.restart("postgres");
    await waitFor("Airflow to reach Postgres again", 60, () =>
      stack.api.call("/dags/naps").catch(() => undefined),
    );
    assertGreen(await stack.finished("naps", naps));
    await runsUndisturbed(stack, "sealed", sealed, 1);
  });

  suite("an instance that no longer works is started again", { concurrency: true }, () => {
    test("a worker process that crashes", async (t) => {
      const seconds = await stack.startsAgain("worker-1", 120, () =>
        stack.exec("worker-1", "sh", "-c", `kill -s KILL $(${mainProcess})`),
      );
      t.diagnostic(`consuming again after ${seconds} s`);
    });

    test("a worker that answers pings but consumes nothing", async (t) => {
      const seconds = await stack.startsAgain("worker-2", 120, async () => {
        const answers = await deafen(stack, "worker-2", "default");
        assert.match(answers, /\{'celery@worker-2': \{'ok': 'pong'\}\} \{'celery@worker-2': \[\]\}/);
      });
      t.diagnostic(`consuming again after ${seconds} s`);
      await consume(stack, "worker-2");
    });

    test("a scheduler that hangs, which takes a kill", async (t) => {
      // A stopped process ignores SIGTERM: this one needs the SIGKILL that follows.
      const seconds = await stack.startsAgain("scheduler-1", 180, () =>
        stack.exec("scheduler-1", "sh", "-c", `kill -s STOP $(${mainProcess})`),
      );
      t.diagnostic(`scheduling again after ${seconds} s`);
    });
  });
}
