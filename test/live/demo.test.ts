import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { settingsFrom } from "../../config.ts";
import type { TaskInstance } from "../../tools/airflow.ts";
import { waitFor } from "../../tools/process.ts";
import { canaries, found, inLayers, places } from "./canaries.ts";
import { docker, replaced } from "./docker.ts";
import { mostAtOnce, TestStack } from "./harness.ts";

const dag = "get_stocks_dag";
const stack = new TestStack("livetest-demo", 18080);
const twoAtOnce = { settings: { core: { max_active_tasks_per_dag: 2 } } };
const roles = [
  "dag-processor",
  "flower",
  "migration",
  "postgres",
  "redis",
  "scheduler",
  "triggerer",
  "webserver",
];

after(() => stack.remove());

test("without a worker, tasks wait in the queue; one worker runs them all", async () => {
  await stack.up({ workers: 0, ...twoAtOnce });
  assert.deepEqual([...(await stack.containers()).keys()].sort(), roles);
  const run = await stack.trigger(dag, { seconds: 1 });
  await stack.tasks(
    dag,
    run,
    "two queued tasks",
    (tasks) => tasks.filter((t) => t.state === "queued").length === 2,
  );
  assert.equal(await stack.queued(), 2);
  type Queues = { active_queues: { name: string; messages: number }[] };
  const { active_queues } = await stack.flower<Queues>("/api/queues/length");
  assert.deepEqual(active_queues, [{ name: "default", messages: 2 }]);

  await stack.up({ workers: 1, ...twoAtOnce });
  const tasks = await stack.finished(dag, run);
  assert.equal(tasks.length, 6);
  assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
  assert.ok(mostAtOnce(tasks) <= 2, `${mostAtOnce(tasks)} tasks ran at once`);
  assert.equal(await stack.queued(), 0);
  const online = await waitFor("Flower to see the worker", 60, async () => {
    const workers = await stack.flower<Record<string, { status?: boolean }>>(
      "/api/workers?refresh=1&status=1",
    );
    return Object.keys(workers).length > 0 ? workers : undefined;
  });
  assert.deepEqual(Object.keys(online), ["celery@worker-1"]);
  const files = await stack.exec("worker-1", "sh", "-c", "cd /opt/airflow/data && wc -l stocks/*/prices.csv");
  assert.equal(files.match(/ 31 stocks\/[A-Z]+\/prices\.csv/g)?.length ?? files, 6);
});

test("a second deployment finds nothing to change", async () => {
  await stack.up({ workers: 1, ...twoAtOnce }, "--refresh", "--expect-no-changes");
});

test("scaling up creates the new workers and touches nothing else", async () => {
  const before = await stack.containers();
  await stack.up({ workers: 3, ...twoAtOnce });
  const after = await stack.containers();
  assert.deepEqual(replaced(before, after), ["worker-2", "worker-3"]);
  assert.equal(after.size, before.size + 2);
});

test("the new workers take tasks, and scaling down while they run loses none", async () => {
  await stack.up({ workers: 3 });
  const run = await stack.trigger(dag, { seconds: 15 });
  const running = await stack.tasks(dag, run, "a task on each worker", (tasks) => {
    const hosts = tasks.filter((task) => task.state === "running").map((task) => task.hostname);
    return new Set(hosts).size === 3;
  });
  assert.ok(running.length === 6);
  await stack.up({ workers: 1 });
  assert.deepEqual([...(await stack.containers()).keys()].sort(), [...roles, "worker-1"]);
  const tasks = await stack.finished(dag, run);
  assert.deepEqual(
    tasks.map(({ state, try_number }) => ({ state, try_number })),
    tasks.map(() => ({ state: "success", try_number: 1 })),
  );
});

test("a changed setting replaces the containers that it reaches, and no others", async () => {
  const before = await stack.containers();
  await stack.up({ workers: 1, settings: { celery: { worker_prefetch_multiplier: 2 } } });
  assert.deepEqual(replaced(before, await stack.containers()), ["flower", "scheduler", "worker-1"]);
});

test("a container that was removed by hand comes back", async () => {
  const before = await stack.containers();
  await docker("rm", "--force", `${stack.prefix}-flower`);
  await stack.up({ workers: 1, settings: { celery: { worker_prefetch_multiplier: 2 } } }, "--refresh");
  assert.deepEqual(replaced(before, await stack.containers()), ["flower"]);
});

test("an edited DAG is picked up without a deployment", async () => {
  const source = readFileSync(join(stack.dags, "get_stocks_dag.py"), "utf8");
  writeFileSync(join(stack.dags, "hello_dag.py"), source.replaceAll("get_stocks_dag", "hello_dag"));
  await stack.finished("hello_dag", await stack.trigger("hello_dag"));
});

test("no secret can be seen outside the files that it is delivered in", async () => {
  const secrets = await canaries(stack);
  assert.equal(Object.keys(secrets).length, 8);
  const delivered = await stack.exec("scheduler", "sh", "-c", "cat /run/secrets/*");
  assert.deepEqual(found(delivered, secrets).sort(), [
    "apiSecretKey",
    "brokerPassword",
    "fernetKey",
    "jwtSecret",
    "metadataPassword",
    "resultsPassword",
  ]);
  for (const [place, text] of await places(stack)) {
    assert.notEqual(text, "", place);
    assert.deepEqual(found(text, secrets), [], place);
  }
  const { airflow, postgres, redis } = settingsFrom({}, String).images;
  assert.deepEqual(await inLayers([airflow, postgres, redis], secrets), []);
});

test("removing the stack lets running tasks finish and keeps its data; the next deployment goes on", async () => {
  const { adminPassword } = stack.outputs;
  const run = await stack.trigger(dag, { seconds: 10 });
  const isRunning = (task: TaskInstance) => task.state === "running";
  const running = await stack.tasks(
    dag,
    run,
    "running tasks",
    (tasks) => tasks.filter(isRunning).length === 4,
  );
  await stack.stack.pulumi(["destroy", "--yes", "--skip-preview", "--exclude-protected"]);
  assert.equal((await stack.containers()).size, 0);
  assert.equal(await docker("network", "ls", "--quiet", "--filter", `name=^${stack.prefix}$`), "");

  await stack.up({ workers: 1 });
  assert.equal(stack.outputs.adminPassword, adminPassword);
  const tasks = await stack.finished(dag, run);
  assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
  const interrupted = running.filter(isRunning).map((task) => task.task_id);
  const tries = tasks.filter((task) => interrupted.includes(task.task_id)).map((task) => task.try_number);
  assert.deepEqual(tries, [1, 1, 1, 1]);
});

test("removing it with its volumes leaves nothing", async () => {
  await stack.remove();
  assert.equal((await stack.containers()).size, 0);
  for (const kind of ["network", "volume"]) {
    assert.equal(await docker(kind, "ls", "--quiet", "--filter", `name=${stack.prefix}`), "");
  }
});
