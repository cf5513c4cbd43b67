import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TaskInstance } from "../../tools/airflow.ts";
import { waitFor } from "../../tools/process.ts";
import { docker } from "./docker.ts";
import { TestStack } from "./harness.ts";

const dag = "get_stocks_dag";
const stack = new TestStack("livetest-faults", 18090);

before(async () => {
  const broken = stack.up({ workers: 0, settings: { core: { auth_manager: "no.such.module" } } });
  await assert.rejects(
    broken,
    /migration failed with exit code 1.*docker logs airflow-livetest-faults-migration/s,
  );
  assert.deepEqual([...(await stack.containers()).keys()].sort(), [
    "flower",
    "migration",
    "postgres",
    "redis",
  ]);
  await stack.up({ workers: 2 });
});
after(() => stack.remove());

/** Seconds until the container has been started again after `since`, and is healthy. */
async function restarted(name: string, since: number, seconds: number): Promise<number> {
  await waitFor(`${name} to be restarted`, seconds, async () => {
    const state = (await stack.containers()).get(name)?.State;
    const again = state && Date.parse(state.StartedAt) > since && state.Health?.Status === "healthy";
    return again ? true : undefined;
  });
  return Math.round((Date.now() - since) / 1000);
}

test("a worker killed in the middle of its tasks: another one runs them again", async (t) => {
  const run = await stack.trigger(dag, { seconds: 30 });
  // All six begun, on both: one that a worker has taken and not begun is only queued again after an hour.
  const running = await stack.tasks(dag, run, "running tasks on both workers", (tasks) => {
    const hosts = tasks.filter((task) => task.state === "running").map((task) => task.hostname);
    return hosts.length === 6 && new Set(hosts).size === 2;
  });
  const lost = running.filter((task) => task.hostname === "worker-2").map((task) => task.task_id);
  const killed = Date.now();
  await docker("kill", "--signal", "KILL", `${stack.prefix}-worker-2`);
  const recovered = (task: TaskInstance) =>
    task.try_number === 2 &&
    task.hostname === "worker-1" &&
    ["running", "success"].includes(task.state ?? "");
  await stack.tasks(dag, run, "the lost tasks to run on worker-1", (tasks) =>
    tasks.filter((task) => lost.includes(task.task_id)).every(recovered),
  );
  t.diagnostic(
    `${lost.length} task(s) ran again ${Math.round((Date.now() - killed) / 1000)} s after the kill`,
  );
  const tasks = await stack.finished(dag, run);
  assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
  t.diagnostic(`all succeeded ${Math.round((Date.now() - killed) / 1000)} s after the kill`);
});

test("the log of a task is readable after its worker is gone", async () => {
  type Runs = { dag_runs: { dag_run_id: string }[] };
  const runs = await stack.api.call<Runs>(`/dags/${dag}/dagRuns?order_by=-run_after&limit=1`);
  const run = runs?.dag_runs[0]?.dag_run_id ?? assert.fail("no run");
  const tasks = await stack.api.tasks(dag, run);
  const task = tasks.find(({ hostname }) => hostname === "worker-1") ?? assert.fail("no task of worker-1");
  await docker("rm", "--force", `${stack.prefix}-worker-1`, `${stack.prefix}-worker-2`);
  const log = await stack.api.call(
    `/dags/${dag}/dagRuns/${run}/taskInstances/${task.task_id}/logs/${task.try_number}`,
  );
  assert.match(JSON.stringify(log), /prices\.csv: 30 days/);
  await stack.up({ workers: 2 }, "--refresh");
});

test("Redis restarted with queued messages: none is lost, and the workers consume again", async (t) => {
  // More tasks than the workers have places: the rest waits in Redis.
  const config = { workers: 1, workerConcurrency: 1, settings: { core: { default_task_retries: 0 } } };
  await stack.up(config);
  const run = await stack.trigger(dag, { seconds: 10 });
  const waiting = await waitFor("messages in the queue", 60, async () => {
    const queued = await stack.queued();
    return queued >= 4 ? queued : undefined;
  });
  const begin = Date.now();
  await docker("restart", `${stack.prefix}-redis`);
  assert.doesNotMatch(await docker("logs", `${stack.prefix}-redis`), /CRITICAL/);
  assert.ok((await stack.queued()) >= waiting - 1, "the queue is shorter than before the restart");
  const tasks = await stack.finished(dag, run);
  assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
  t.diagnostic(
    `${waiting} queued messages survived; all done ${Math.round((Date.now() - begin) / 1000)} s after the restart`,
  );
});

test("Postgres restarted while tasks run: they succeed", async () => {
  const run = await stack.trigger(dag, { seconds: 5 });
  await stack.tasks(dag, run, "a running task", (tasks) => tasks.some((task) => task.state === "running"));
  await docker("restart", `${stack.prefix}-postgres`);
  const reached = () => stack.api.call(`/dags/${dag}`).catch(() => undefined);
  await waitFor("Airflow to reach Postgres again", 60, reached);
  const tasks = await stack.finished(dag, run);
  assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
});

test("a worker process that crashes is started again", async (t) => {
  const since = Date.now();
  await stack.exec("worker-1", "sh", "-c", "kill -s KILL $(cat /proc/1/task/1/children)");
  t.diagnostic(`consuming again after ${await restarted("worker-1", since, 120)} s`);
});

test("a worker that answers pings but consumes nothing is restarted", async (t) => {
  const celery = "from airflow.providers.celery.executors.celery_executor_utils import app\n";
  const since = Date.now();
  const deaf =
    `${celery}node = ['celery@worker-1']\n` +
    "app.control.cancel_consumer('default', destination=node, reply=True)\n" +
    "inspect = app.control.inspect(node, timeout=5)\nprint(inspect.ping(), inspect.active_queues())";
  const said = await stack.exec("scheduler", "python", "-c", deaf);
  assert.match(said, /\{'celery@worker-1': \{'ok': 'pong'\}\} \{'celery@worker-1': \[\]\}/);
  t.diagnostic(`consuming again after ${await restarted("worker-1", since, 120)} s`);
  const active = `${celery}print(app.control.inspect(['celery@worker-1'], timeout=5).active_queues())`;
  assert.match(await stack.exec("scheduler", "python", "-c", active), /'name': 'default'/);
});

test("a scheduler that hangs is killed and started again", async (t) => {
  const since = Date.now();
  // A stopped process takes no SIGTERM: this one needs the kill that follows.
  await stack.exec("scheduler", "sh", "-c", "kill -s STOP $(cat /proc/1/task/1/children)");
  t.diagnostic(`scheduling again after ${await restarted("scheduler", since, 180)} s`);
});
