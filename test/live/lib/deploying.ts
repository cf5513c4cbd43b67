import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultVersion } from "../../../settings/schema/versions.ts";
import { controlRoles } from "../../roleNames.ts";
import { waitFor } from "../../runner/waiting.ts";
import { replaced } from "../targets/target.ts";
import { canaries, found, places } from "./canaries.ts";
import type { Npm } from "./developing.ts";
import {
  assertOutlasted,
  assertUndisturbed,
  hostOf,
  isRunning,
  mostAtOnce,
  type TestStack,
} from "./harness.ts";
import { query } from "./services.ts";

const dag = "get_stocks_dag";
const roles = [...controlRoles, "postgres", "redis", "triggerer-gpu-1"].sort();

const core = { max_active_tasks_per_dag: 2 };

/**
 * Configures `workers` workers of 1 to 3 processes each, and `gpu` workers for the queue gpu.
 * @param group further keys of the group gpu
 */
function sized(workers: number, gpu: number, settings = {}, group: object = { triggerers: 1 }) {
  return {
    workers,
    workerConcurrency: 3,
    workerMinConcurrency: 1,
    workerMemory: 1024,
    workerGroups: [{ name: "gpu", queues: ["gpu"], workers: gpu, ...group }],
    settings: { core, ...settings },
  };
}

const changed = { celery: { worker_prefetch_multiplier: 2 } };

/** Waits until the first worker reports so many processes to Flower. */
async function processes(stack: TestStack, count: number): Promise<void> {
  type Workers = Record<string, { stats?: { pool?: { processes: number[] } } }>;
  await waitFor(`${count} process(es) of worker-1`, 90, async () => {
    const workers = await stack.flower<Workers>("/api/workers?refresh=1&workername=celery@worker-1");
    return workers["celery@worker-1"]?.stats?.pool?.processes.length === count ? true : undefined;
  });
}

/** Defers a task of the queue gpu for some seconds; returns the run once the task waits in the group's triggerer. */
async function deferred(stack: TestStack, seconds: number): Promise<string> {
  const run = await stack.trigger("gpu_waits", { seconds });
  type Waiting = { readonly triggerer_job: { readonly hostname: string } | null };
  const host = await waitFor("a task in a triggerer", 120, async () => {
    const path = `/dags/gpu_waits/dagRuns/${run}/taskInstances/wait`;
    return (await stack.api.call<Waiting>(path))?.triggerer_job?.hostname;
  });
  assert.match(host, /^triggerer-gpu-1(\.|$)/);
  return run;
}

/** Asserts that a run of `deferred` succeeds, on the group's worker. */
async function resumed(stack: TestStack, run: string): Promise<void> {
  const tasks = await stack.finished("gpu_waits", run);
  assertUndisturbed(tasks, 1);
  assert.deepEqual(tasks.map(hostOf), ["worker-gpu-1"]);
}

/**
 * Declares tests of deployments, for any platform; `removes` declares the last ones.
 * @param migrationFailure error of the CLI for a failed migration
 */
export function deploys(stack: TestStack, migrationFailure: RegExp): void {
  test("a migration that fails: nothing that needs it is started, and the next deployment goes on", async () => {
    const broken = sized(0, 0, { database: { external_db_managers: "no_such_module.Manager" } });
    await assert.rejects(stack.up(broken), migrationFailure);
    assert.deepEqual(await stack.names(), ["flower", "migration", "postgres", "redis"]);
    const version = async () => (await stack.stack.outputs()).version;
    assert.equal(await version(), undefined, "a database that was not migrated is of no version");
    await stack.up(sized(0, 0));
    assert.match(String(await version()), /^3\./);
  });

  test("without a worker, tasks wait in the queue; one worker runs them all", async () => {
    assert.deepEqual(await stack.names(), roles);
    const run = await stack.trigger(dag, { seconds: 1 });
    await stack.tasks(
      dag,
      run,
      "two queued tasks",
      (tasks) => tasks.filter((task) => task.state === "queued").length === 2,
    );
    await stack.queued(2);

    await stack.up(sized(1, 0));
    const tasks = await stack.finished(dag, run);
    assertUndisturbed(tasks, 6);
    assert.ok(mostAtOnce(tasks) <= 2, `${mostAtOnce(tasks)} tasks ran at once`);
    const online = await waitFor("Flower to see the worker", 60, async () => {
      const workers = await stack.flower<Record<string, { status?: boolean }>>(
        "/api/workers?refresh=1&status=1",
      );
      return Object.keys(workers).length > 0 ? workers : undefined;
    });
    assert.deepEqual(Object.keys(online), ["celery@worker-1"]);
    await stack.queued(0);
    const files = await stack.exec(
      "worker-1",
      "sh",
      "-c",
      "cd /opt/airflow/data && wc -l stocks/*/prices.csv",
    );
    assert.equal(files.match(/ 31 stocks\/[A-Z]+\/prices\.csv/g)?.length ?? files, 6);
  });

  test("a second deployment finds nothing to change", async () => {
    await stack.up(sized(1, 0), "--refresh", "--expect-no-changes");
  });

  test("Redis is supervised and durable, and refuses administrators' commands to its user", async () => {
    assert.match(await stack.exec("redis", "cat", "/dev/shm/notify.state"), /^READY=1$/m);
    assert.match(await stack.target.log(stack.prefix, "redis"), /Ready to accept connections/);
    const { brokerPassword } = await canaries(stack);
    const login = ["env", `REDISCLI_AUTH=${brokerPassword}`, "redis-cli", "--user", "airflow"];
    const info = (await stack.exec("redis", ...login, "INFO")).split("\r\n");
    for (const line of ["process_supervised:systemd", "aof_enabled:1", "maxmemory_policy:noeviction"]) {
      assert.ok(info.includes(line), `${line} is not in ${info}`);
    }
    for (const command of ["CONFIG GET *", "FLUSHALL", "KEYS *"]) {
      assert.match(await stack.exec("redis", ...login, ...command.split(" ")), /^NOPERM /, command);
    }
  });

  test("Postgres takes passwords by scram-sha-256 alone, and keeps its two databases apart", async () => {
    const asAdministrator = (sql: string) => query(stack, "postgres", "postgres_password", "postgres", sql);
    const methods = await asAdministrator("SELECT DISTINCT auth_method FROM pg_hba_file_rules");
    assert.equal(methods, "scram-sha-256\n");
    const kept =
      "SELECT rolname, split_part(rolpassword, '$', 1) FROM pg_authid WHERE rolcanlogin ORDER BY 1";
    assert.deepEqual((await asAdministrator(kept)).trim().split("\n"), [
      "airflow|SCRAM-SHA-256",
      "airflow_results|SCRAM-SHA-256",
      "postgres|SCRAM-SHA-256",
    ]);
    const asResults = (database: string) =>
      query(stack, "airflow_results", "results_password", database, "SELECT current_database()");
    assert.equal(await asResults("airflow_results"), "airflow_results\n");
    await assert.rejects(asResults("airflow"), /permission denied for database "airflow"/);
  });

  test("scaling up creates the new workers and touches nothing else", async () => {
    const made = ["worker-2", "worker-3", "worker-gpu-1"];
    const before = await stack.instances();
    await stack.up(sized(3, 1));
    const after = await stack.instances();
    assert.deepEqual(replaced(before, after), made);
    assert.equal(after.size, before.size + made.length);
  });

  test("workers take tasks of their queues alone, and scaling down while they run loses none", async () => {
    const before = await stack.instances();
    const gpuRun = await stack.trigger("gpu_naps");
    const run = await stack.trigger("naps", { seconds: 25 });
    const seen = await stack.tasks("naps", run, "a task on each worker", (tasks) => {
      return new Set(tasks.filter(isRunning).map(hostOf)).size === 3;
    });
    const begin = Date.now();
    await stack.up(sized(1, 1));
    assert.deepEqual(await stack.names(), [...roles, "worker-1", "worker-gpu-1"].sort());
    assert.deepEqual(replaced(before, await stack.instances()), []);
    const tasks = await stack.finished("naps", run);
    assertUndisturbed(tasks, 6);
    assertOutlasted(tasks, seen, begin);
    for (const task of seen.filter(isRunning)) {
      assert.match(await stack.taskLog("naps", run, task), new RegExp(`nap \\d on ${hostOf(task)}`));
    }
    assert.ok(!tasks.map(hostOf).includes("worker-gpu-1"));
    const gpuTasks = await stack.finished("gpu_naps", gpuRun);
    assertUndisturbed(gpuTasks, 2);
    assert.deepEqual([...new Set(gpuTasks.map(hostOf))], ["worker-gpu-1"]);
  });

  test("tasks that a group's workers defer wait in the group's triggerer", async () => {
    await resumed(stack, await deferred(stack, 5));
  });

  test("a changed setting replaces the instances that it reaches; instances removed by hand come back; the rest stays", async () => {
    const before = await stack.instances();
    await stack.target.remove(stack.prefix, "dag-processor");
    await stack.up(sized(1, 1, changed), "--refresh");
    const reached = ["dag-processor", "flower", "scheduler", "worker-1", "worker-gpu-1"];
    assert.deepEqual(replaced(before, await stack.instances()), reached);
    assert.deepEqual(await stack.names(), [...before.keys()].sort());
  });

  test("no secret can be seen outside the files that it is delivered in", async () => {
    const secrets = await canaries(stack);
    assert.equal(Object.keys(secrets).length, 9);
    const delivered = await stack.exec("scheduler", "sh", "-c", "cat /run/secrets/*");
    assert.deepEqual(found(delivered, secrets).sort(), [
      "apiSecretKey",
      "brokerPassword",
      "fernetKey",
      "jwtSecret",
      "metadataPassword",
      "resultsPassword",
    ]);
    const core = { max_active_tasks_per_dag: 4711 };
    const readable = await places(stack, sized(1, 1, { ...changed, core }));
    assert.match(readable.get("preview") ?? "", /\b4711"/);
    for (const [place, text] of readable) {
      assert.notEqual(text, "", place);
      assert.deepEqual(found(text, secrets), [], place);
    }
  });
}

/** Last tests: leftovers of a stack. */
export function removes(stack: TestStack): void {
  test("a worker grows from one process to three; removing the stack lets their tasks finish and keeps its data, and a group without its triggerers goes on", async () => {
    await processes(stack, 1);
    const waiting = await deferred(stack, 30);
    const run = await stack.trigger("naps", { seconds: 30 });
    const running = await stack.tasks("naps", run, "three running tasks", (tasks) => {
      return tasks.filter(isRunning).length === 3;
    });
    await processes(stack, 3);
    const { adminPassword } = stack.outputs;
    const begin = Date.now();
    await stack.down();
    assert.deepEqual(await stack.names(), []);

    await stack.up(sized(1, 1, changed, {}));
    assert.equal((await stack.stack.outputs()).adminPassword, adminPassword);
    const tasks = await stack.finished("naps", run);
    assert.deepEqual([...new Set(tasks.map((task) => task.state))], ["success"]);
    assert.ok(mostAtOnce(tasks) <= 3, `${mostAtOnce(tasks)} tasks ran at once`);
    assertOutlasted(tasks, running, begin);
    await resumed(stack, waiting);
  });

  test("removing it with its data leaves nothing", async () => {
    await stack.remove();
    const left = () => stack.target.leftovers(stack.prefix);
    // A cluster removes released volumes by itself, later.
    for (let seconds = 0; seconds < 60 && (await left()).length > 0; seconds++) await sleep(1000);
    assert.deepEqual(await left(), []);
  });
}

/** Asserts that a restored backup brings back a row that was changed since, and that every queue and worker works then. */
export async function restores(npm: Npm, t: TestContext): Promise<void> {
  const variables = (...words: string[]) => npm("shell", "scheduler", "airflow", "variables", ...words);
  await variables("set", "kept", "before");
  const taken = await npm("backup");
  assert.match(taken, /proven in [\d.]+ s: \d+ rows are the same/);
  const [, id = ""] = /^Backup (\w+), .* is proven\./m.exec(taken) ?? [];
  await variables("set", "kept", "after");
  const begin = Date.now();
  const restored = await npm("restore", "--from", id, "--yes");
  t.diagnostic(`restored in ${Math.round((Date.now() - begin) / 1000)} s`);
  assert.match(restored, /Every queue and every worker works/);
  assert.match(restored, new RegExp(`^Restored backup ${id} `, "m"));
  assert.equal((await variables("get", "kept")).trim().split("\n").at(-1), "before");
}

/** Asserts that `npm run upgrade` brings a stack of Airflow 2 to Airflow 3, rehearsed and proven, with the run of before. */
export async function upgrades(npm: Npm, t: TestContext): Promise<void> {
  const green = async () => assert.match(await npm("dags", "run", dag), /^get_stocks_dag: success$/m);
  await green();
  const begin = Date.now();
  const upgraded = await npm("upgrade", "--to", defaultVersion);
  t.diagnostic(`upgraded in ${Math.round((Date.now() - begin) / 1000)} s`);
  assert.match(upgraded, /2 migrating \d+ rows took \d+ s; the database had /);
  assert.match(upgraded, /Every queue and every worker works/);
  await green();
  const runs = await npm("shell", "scheduler", "airflow", "dags", "list-runs", dag);
  assert.equal(runs.match(/ success /g)?.length, 2, runs);
}
