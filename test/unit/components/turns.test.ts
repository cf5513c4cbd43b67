import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { turnsOf, workersOf } from "../../../components/turns.ts";
import { unfollowedFlag } from "../../../platforms/look.ts";
import { knownFrom } from "../../../platforms/ownership/known.ts";
import { cluster } from "../cluster.ts";
import { declare } from "../mocks.ts";
import type { Config } from "../settingsFrom.ts";

/** Declares a stack; returns its worker containers or StatefulSets in start order, and the most that started at once. */
async function made(config: Config, workers: readonly string[]) {
  const order: string[] = [];
  let underway = 0;
  let most = 0;
  const making = async (type: string, name: string) => {
    if (!/:(Container|StatefulSet)$/.test(type) || !name.startsWith("worker")) return;
    order.push(name);
    most = Math.max(most, ++underway);
    await sleep(30);
    underway--;
  };
  const declared = await declare(config, 0, {}, { past: { workers }, making });
  return { order, most, declared };
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `worker-${index + 1}`);
}

test("the first deployment creates all workers at once", async () => {
  const { order, most } = await made({ workers: 6 }, []);
  assert.deepEqual(order.sort(), names(6));
  assert.equal(most, 6);
});

test("existing workers are replaced in turns: one at a time of up to five, a third at a time of more", async () => {
  for (const [count, atOnce] of [
    [2, 1],
    [3, 1],
    [5, 1],
    [6, 2],
  ] as const) {
    const { order, most } = await made({ workers: count }, names(count));
    assert.deepEqual(order, names(count));
    assert.equal(most, atOnce, `of ${count}`);
  }
});

test("new workers do not wait for other workers, however many there are", async () => {
  const { order, most } = await made({ workers: 9 }, names(3));
  assert.equal(order.length, 9);
  assert.equal(most, 7);
  assert.deepEqual(
    order.filter((name) => names(3).includes(name)),
    names(3),
  );
});

test("workers of different queues do not wait for each other", async () => {
  const workerGroups = [{ name: "gpu", queues: ["gpu"], workers: 2 }];
  const { most } = await made({ workers: 2, workerGroups }, [...names(2), "worker-gpu-1", "worker-gpu-2"]);
  assert.equal(most, 2);
});

test("a worker waits for other workers without a dependency on them, so that removals do not wait", async () => {
  const { declared } = await made({ workers: 3 }, names(3));
  const workers = declared.filter(({ name, type }) => type.endsWith(":Container") && names(3).includes(name));
  assert.deepEqual(workers.map(({ name }) => name).sort(), names(3));
  for (const { registered } of workers) {
    assert.ok(registered.dependencies.length > 0);
    assert.deepEqual(
      registered.dependencies.filter((urn) => urn.includes("::worker-")),
      [],
    );
  }
});

const machine = (name: string) => ({
  name,
  docker: `ssh://a@${name}`,
  address: `10.0.0.${name.length}`,
  workers: 1,
});

test("on several machines workers of the same queues take turns, wherever they are", async () => {
  const machines = ["one", "four", "seven"].map(machine);
  const deployed = ["worker-one-1", "worker-four-1", "worker-seven-1"];
  const { order, most } = await made({ machines }, deployed);
  assert.deepEqual(order, deployed);
  assert.equal(most, 1);
});

test("in a cluster StatefulSets of the same queues take turns, since each replaces one pod at a time", async () => {
  const statefulSets = async (workers: number) => {
    const machines = ["one", "two", "three"].map((name) => ({ name, node: name, workers }));
    const deployed = machines.flatMap(({ name }) => names(workers).map((at) => at.replace("-", `-${name}-`)));
    const { most, order } = await made({ ...cluster, machines }, deployed);
    assert.equal(order.length, 3);
    return most;
  };
  assert.equal(await statefulSets(1), 1);
  assert.equal(await statefulSets(2), 2);
});

test("workers of another Airflow version do not take turns, since the new version's tasks are not for them", () => {
  const outputs = { workers: ["worker-1"], version: "2.11.2" };
  assert.deepEqual(workersOf(outputs, "2.11.2"), ["worker-1"]);
  assert.deepEqual(workersOf(outputs, "3.3.2"), []);
  assert.deepEqual(workersOf({}, "3.3.2"), []);
});

test("a third of the workers that stay may be away at once, whatever is added or removed", () => {
  const group = { name: "worker", queues: [], concurrency: { min: 1, max: 1 }, memory: 1, cpu: 1 };
  const turns = (workers: number, deployed: number) =>
    turnsOf({ ...group, workers }, [{ ...group, workers }], names(deployed)).atOnce;
  assert.equal(turns(30, 3), 1);
  assert.equal(turns(3, 30), 1);
  assert.equal(turns(30, 30), 10);
});

test("after a removal the state has no workers, even if the outputs still name them", () => {
  const hasWorkers = (...types: string[]) =>
    knownFrom(types.map((type) => ({ urn: `urn:pulumi:dev::airflow::${type}::one`, type }))).hasWorkers;
  assert.equal(hasWorkers(), false);
  assert.equal(hasWorkers("pulumi:pulumi:Stack", "docker:index/volume:Volume"), false);
  assert.equal(hasWorkers("pulumi:pulumi:Stack", "airflow:index:Worker"), true);
});

test("a cluster, which replaces workers of a group one at a time, says that it does not follow --at-once", () => {
  const said = (flag: string) => {
    process.env.AIRFLOW_AT_ONCE = flag;
    return [unfollowedFlag({ platform: "kubernetes" }), unfollowedFlag({ platform: "docker" })];
  };
  try {
    assert.deepEqual(said("false"), [undefined, undefined]);
    const [inCluster, onEngine] = said("true");
    assert.match(inCluster ?? "", /--at-once .* one at a time/);
    assert.equal(onEngine, undefined);
  } finally {
    delete process.env.AIRFLOW_AT_ONCE;
  }
});
