import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../tools/lib/process.ts";
import { type MachineName, machines, network, power } from "../../lab/machines/machines.ts";
import { collectedSeries, expectedSeries } from "../../parity/series.ts";
import { waitFor } from "../../runner/waiting.ts";
import { cloneFor } from "../lib/clone.ts";
import { restores } from "../lib/deploying.ts";
import { commandsReach } from "../lib/developing.ts";
import { assertUndisturbed, hostOf, isRunning, mostAtOnce, TestStack } from "../lib/harness.ts";
import { dockerAt, isOff, onMachines } from "../targets/machines.ts";
import { replaced } from "../targets/target.ts";
import { encrypts } from "./encrypting.ts";
import { upgradesFrom2 } from "./upgrading.ts";

const stack = new TestStack("livetest-machines", 18300, onMachines);
const clone = await cloneFor(stack);

type Counts = Partial<Record<MachineName, number | Record<string, number>>>;

/** Stack with workers on these machines; the first machine has the control roles. */
function on(counts: Counts, more = {}) {
  const listed = machines.filter(({ name }) => name === "one" || name in counts);
  return {
    machines: listed.map((machine) => ({
      ...machine,
      ...(counts[machine.name] !== undefined && { workers: counts[machine.name] }),
    })),
    workerMemory: 1024,
    workerConcurrency: 3,
    workerGroups: [{ name: "gpu", queues: ["gpu"], concurrency: 2 }],
    monitoring: {},
    ...more,
  };
}

const core = { max_active_tasks_per_dag: 2 };
const both = { two: { default: 1, gpu: 1 }, three: 1 };

/** Runs a command of docs/machines.md on the stack, which needs the ports that tests use. */
async function npm(command: string, ...args: string[]): Promise<string> {
  await onMachines.disconnect(stack.prefix);
  const words = ["run", "--silent", command, "--", "--stack", stack.stack.name, ...args];
  return run("npm", words, { cwd: clone }).finally(() =>
    onMachines.connect(stack.prefix, { webserverPort: 18300, flowerPort: 18302 }),
  );
}

async function cut(name: MachineName): Promise<void> {
  isOff(name, true);
  await power(name, "stop");
}

async function boot(name: MachineName): Promise<void> {
  await power(name, "start");
  isOff(name, false);
}

const since = (begin: number) => Math.round((Date.now() - begin) / 1000);

after(async () => {
  for (const { name } of machines) await network(name, "heal");
  await boot("two");
  await boot("three");
  await onMachines.sweep(stack.prefix);
  await onMachines.disconnect(stack.prefix);
  for (const folder of [clone, stack.folder]) rmSync(folder, { recursive: true, force: true });
});

test("faults of all machines are reported in one error, before anything is touched", async () => {
  const [one, two, three] = machines;
  await stack.configure({
    machines: [
      { ...one, address: "10.87.0.99" },
      { ...two, workers: 30 },
      { ...three, docker: "tcp://10.87.0.13:2377" },
    ],
    gatewayPort: 22,
    postgres: { settings: { max_connections: 300 } },
  });
  await onMachines.sweep(stack.prefix);
  await assert.rejects(stack.stack.pulumi(["up", "--yes", "--skip-preview"]), ({ message }: Error) => {
    for (const fault of [
      /The machines have \d fault\(s\):/,
      /machine one: its address is 10\.87\.0\.99, which none of its interfaces has; expected one of .*10\.87\.0\.11/,
      /machine two: its workloads may use 61440 MiB of memory; expected at most the \d+ MiB of the machine/,
      /machine two: port 22 of 10\.87\.0\.12, for the gateway \(airflow:gatewayPort\), is taken by sshd \(process \d+\)/,
      /machine three: .*tcp:\/\/10\.87\.0\.13:2377/,
    ])
      assert.match(message, fault);
    return true;
  });
  assert.deepEqual(await stack.names(), []);
});

upgradesFrom2(stack, npm, on({ two: 1 }, { monitoring: undefined }));

test("tasks wait in the queue; workers on two machines run them all, and no other role is touched", async () => {
  await stack.up(on({ two: { default: 0, gpu: 0 }, three: 0 }, { settings: { core } }));
  const run = await stack.trigger("get_stocks_dag", { seconds: 1 });
  await stack.tasks("get_stocks_dag", run, "two queued tasks", (tasks) => {
    return tasks.filter(({ state }) => state === "queued").length === 2;
  });
  await stack.queued(2);

  const before = await stack.instances();
  await stack.up(on(both, { settings: { core } }));
  assert.deepEqual(replaced(before, await stack.instances()), [
    // Has the number of connections that the stack may open.
    "exporter",
    "worker-gpu-two-1",
    "worker-three-1",
    "worker-two-1",
  ]);
  const tasks = await stack.finished("get_stocks_dag", run);
  assertUndisturbed(tasks, 6);
  assert.ok(mostAtOnce(tasks) <= 2, `${mostAtOnce(tasks)} tasks ran at once`);
  await stack.queued(0);
  await stack.up(on(both, { settings: { core } }), "--refresh", "--expect-no-changes");
});

test("work is spread over the machines, and its logs are read from where they are", async (t) => {
  const { run, on: tasksOn } = await stack.napping(6);
  const tasks = await stack.finished("naps", run);
  assertUndisturbed(tasks, 6);
  for (const host of ["worker-two", "worker-three"]) {
    t.diagnostic(`${tasksOn(host).length} tasks on ${host}`);
    const task = tasks.find((one) => hostOf(one) === host) ?? assert.fail(`no task was on ${host}`);
    assert.match(await stack.taskLog("naps", run, task), new RegExp(`nap \\d on ${host}-1`));
  }
});

test("the same series as on one engine, and the end of the gateways' certificates", async () => {
  const found = await collectedSeries("on machines", (...command) => stack.exec("monitoring", ...command));
  assert.deepEqual(found, [...expectedSeries, "airflow_certificate_end_seconds"].sort());
});

test("a developer's commands find the stack's roles on their machines", () =>
  commandsReach(npm, {
    worker: "worker-two-1",
    "worker-gpu": "worker-gpu-two-1",
    "worker-three": "worker-three-1",
  }));

encrypts(stack);

test("DAG files reach every machine, and a new authority too, while tasks run", async () => {
  const before = await stack.instances();
  const { run } = await stack.napping(6);
  const file = join(stack.dags, "naps.py");
  const source = readFileSync(file, "utf8");
  writeFileSync(file, `${source}naps("new_naps", 6, "default")\n`);
  await stack.up(on(both, { settings: { core }, certificateGeneration: 2 }));
  const gateways = ["gateway of one", "gateway of three", "gateway of two"];
  const dags = ["dags of one", "dags of three", "dags of two"];
  assert.deepEqual(replaced(before, await stack.instances()), [...dags, "exporter", ...gateways].sort());
  assertUndisturbed(await stack.finished("naps", run), 6);
  const fresh = await stack.finished("new_naps", await stack.trigger("new_naps", { seconds: 3 }));
  assertUndisturbed(fresh, 6);
  assert.deepEqual([...new Set(fresh.map(hostOf))].sort(), ["worker-three", "worker-two"]);
});

test("a machine lost in the middle of tasks: they run again on the other one", async (t) => {
  const { run, on: tasksOn } = await stack.napping(6);
  const begin = Date.now();
  await cut("two");
  const tasks = await stack.finished("naps", run);
  t.diagnostic(
    `${tasksOn("worker-two").length} tasks were lost with their machine; all six were done ${since(begin)} s later`,
  );
  assert.deepEqual([...new Set(tasks.map(({ state }) => state))], ["success"]);
  const again = tasks.filter(({ try_number }) => try_number === 2);
  assert.deepEqual(again.map(({ task_id }) => task_id).sort(), tasksOn("worker-two"));
  assert.deepEqual([...new Set(again.map(hostOf))], ["worker-three"]);
});

test("with a machine down, a deployment is refused, or updates the others and names the missing parts", async () => {
  const more = { two: { default: 2, gpu: 1 }, three: 2 };
  await stack.configure(on(more, { certificateGeneration: 2 }));
  await assert.rejects(npm("up"), /machine two: .*ssh:\/\/root@10\.87\.0\.12/);
  const before = await stack.instances();
  await assert.rejects(npm("up", "--continue-on-error"), (error: Error) => {
    assert.match(error.message, /Every queue and every worker works/);
    assert.match(
      error.message,
      /Missing, because their machines are down.*two: 2 of worker-two, 1 of worker-gpu-two/s,
    );
    return true;
  });
  const instances = await stack.instances();
  assert.ok(instances.get("worker-three-2")?.healthy);
  assert.equal(instances.get("redis")?.id, before.get("redis")?.id);
  await assert.rejects(npm("status"), (error: Error) => {
    assert.match(error.message, /^two .*(does not answer|No route to host|timed out|no answer)/m);
    assert.match(error.message, /^three +worker-three-2 +running +healthy/m);
    return true;
  });
});

test("workers of a machine that boots again take tasks without help", async (t) => {
  const begin = Date.now();
  await boot("two");
  const tasks = await stack.finished("gpu_naps", await stack.trigger("gpu_naps"));
  assertUndisturbed(tasks, 2);
  assert.deepEqual([...new Set(tasks.map(hostOf))], ["worker-gpu-two"]);
  t.diagnostic(`tasks had run there ${since(begin)} s after its power came back`);
  assert.match(await npm("up"), /Every queue and every worker works/);
  const status = await npm("status");
  assert.match(status, /^two +worker-two-2 +running +healthy/m);
  assert.match(status, /^two +worker-\S+:\/opt\/airflow\/logs +[\d.]+ GiB +\d+ % full$/m);
});

test("the first machine boots again, with the broker and the database: everything comes back", async (t) => {
  const begin = Date.now();
  await cut("one");
  await boot("one");
  for (const name of ["redis", "postgres", "webserver", "scheduler"]) await stack.healthy(name, 180);
  const tasks = await stack.finished("naps", await stack.trigger("naps", { seconds: 1 }));
  assert.deepEqual([...new Set(tasks.map(({ state }) => state))], ["success"]);
  t.diagnostic(`a run was done ${since(begin)} s after the power cut`);
});

/** Kills the gateway of a machine, which its engine restarts; only one end of each connection notices. */
async function killGateway(machine: MachineName): Promise<void> {
  const name = `${stack.prefix}-gateway`;
  const started = () => dockerAt(machine, "inspect", "--format", "{{.State.StartedAt}}", name);
  const before = await started();
  // The command kills itself, too.
  await dockerAt(machine, "exec", name, "bash", "-c", "kill -s KILL -- -1").catch(() => {});
  await waitFor("the gateway to be started again", 30, async () =>
    (await started()) === before ? undefined : true,
  );
}

test("machines cut off for a minute, the gateway of one killed: workers go on, and consume again within seconds", async (t) => {
  const away = ["two", "three"] as const;
  for (const name of ["worker-gpu-two-1", "worker-three-1"]) await stack.healthy(name, 60);
  const before = await stack.instances();
  for (const name of away) {
    isOff(name, true);
    await network(name, "cut");
  }
  const begin = Date.now();
  await killGateway("three");
  // A worker asks Redis every second: after this, every answer to an earlier request is lost.
  await sleep(3000);
  const runs = { gpu_naps: await stack.trigger("gpu_naps"), naps: await stack.trigger("naps") };
  await sleep(60_000 - (Date.now() - begin));
  for (const name of away) {
    await network(name, "heal");
    isOff(name, false);
  }
  const healed = Date.now();
  // Queue gpu has workers on machine two alone; the first worker back may take all of the other queue.
  for (const [dag, run] of Object.entries(runs)) {
    const tasks = await stack.finished(dag, run);
    assertUndisturbed(tasks, dag === "naps" ? 6 : 2);
    const first = Math.min(...tasks.map(({ start_date }) => Date.parse(start_date ?? "")));
    const seconds = Math.round((first - healed) / 1000);
    t.diagnostic(`${dag} ran ${seconds} s after healing`);
    // A worker that waits for a lost answer takes no task for minutes.
    assert.ok(seconds < 240, `${dag} took ${seconds} s`);
  }
  // Pauses between attempts do not depend on the machine's load, unlike seconds; Celery's own grow to 30 s.
  const workers = (await stack.names()).filter((name) => name.startsWith("worker"));
  const logs = await Promise.all(workers.map((name) => stack.target.log(stack.prefix, name)));
  const pauses = new Set(logs.join("\n").match(/Trying again in \S+ seconds/g));
  assert.deepEqual([...pauses], ["Trying again in 2.00 seconds"]);
  // No worker was restarted, which would have ended its tasks.
  assert.deepEqual(replaced(before, await stack.instances()), ["gateway of three"]);
});

test("a machine that is removed finishes its tasks first", async () => {
  const run = await stack.trigger("gpu_naps", { seconds: 25 });
  await stack.tasks("gpu_naps", run, "two running tasks", (tasks) => tasks.filter(isRunning).length === 2);
  await stack.configure(on({ three: 1 }, { certificateGeneration: 2, backup: { every: "12h", keep: 3 } }));
  assert.match(await npm("up"), /two: \d worker\(s\) finish their tasks/);
  assertUndisturbed(await stack.finished("gpu_naps", run), 2);
  const left = await dockerAt("two", "ps", "--all", "--quiet", "--filter", `name=${stack.prefix}`);
  assert.equal(left, "");
});

test("a row that was changed after a proven backup comes back, with workers on another machine", (t) =>
  restores(npm, t));

test("a machine that is gone for good is forgotten", async () => {
  await cut("three");
  await stack.configure(on({ one: 1 }));
  await assert.rejects(
    npm("up"),
    /machine three, which the stack no longer lists, does.*npm run forget -- three/s,
  );
  assert.match(await npm("forget", "three"), /Forgot three.*Container worker-three-1/s);
  assert.match(await npm("up"), /Every queue and every worker works/);
  const names = await stack.names();
  assert.ok(names.includes("worker-one-1") && !names.includes("gateway of one"), names.join());
});
