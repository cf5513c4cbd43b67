import assert from "node:assert/strict";
import { test } from "node:test";
import { cluster } from "../cluster.ts";
import { type Declared, declare } from "../mocks.ts";
import type { Config } from "../settingsFrom.ts";

/** Every container, Deployment, StatefulSet and Job, by name; other resources take only seconds. */
async function workloads(config: Config): Promise<Map<string, Declared>> {
  const all = await declare(config);
  const kinds = /:(Container|Deployment|StatefulSet|Job)$/;
  return new Map(all.filter(({ type }) => kinds.test(type)).map((each) => [each.name, each]));
}

function find(all: ReadonlyMap<string, Declared>, name: string): Declared {
  return all.get(name) ?? assert.fail(`there is no ${name}`);
}

function limitOf(
  all: ReadonlyMap<string, Declared>,
  name: string,
  operation: "create" | "update" | "delete",
) {
  const { timeLimits } = find(all, name).registered;
  return timeLimits?.[operation] ?? assert.fail(`${name} has the provider's own limits`);
}

function specOf(all: ReadonlyMap<string, Declared>, name: string): Record<string, unknown> {
  return find(all, name).inputs.spec as Record<string, unknown>;
}

test("the time limits of a container exceed its grace to stop and the start time of its health check", async () => {
  const all = await workloads({ workerGraceSeconds: 2000 });
  assert.equal(limitOf(all, "worker-1", "delete"), 2000 + 1200);
  for (const [name, { inputs }] of all) {
    const { destroyGraceSeconds, waitTimeout = 0 } = inputs;
    assert.ok(limitOf(all, name, "delete") >= Number(destroyGraceSeconds) + 1200, name);
    assert.ok(limitOf(all, name, "create") >= Number(waitTimeout) + 1200, name);
  }
});

test("the time limits of containers on machines exceed their grace, and the provider's own limits suffice for the platform's containers", async () => {
  const machines = [
    { name: "main", docker: "unix:///var/run/docker.sock", address: "10.0.0.1", workers: 1 },
    { name: "big", docker: "ssh://a@10.0.0.2", address: "10.0.0.2", workers: 1 },
  ];
  const all = await workloads({ machines, workerGraceSeconds: 3000 });
  assert.equal(limitOf(all, "worker-big-1", "delete"), 3000 + 1200);
  const own = [...all.values()].filter(({ registered }) => registered.timeLimits === undefined);
  for (const { name, inputs } of own) {
    // The provider's own limits are 1200 s.
    assert.ok(Number(inputs.destroyGraceSeconds) + Number(inputs.waitTimeout ?? 0) <= 600, name);
  }
  assert.deepEqual(own.map(({ name }) => name).sort(), ["dags", "dags-big", "gateway", "gateway-big"]);
});

test("the time limit of a StatefulSet's update has the grace of each pod in turn, for as many pods as there may be", async () => {
  const counted = await workloads({ ...cluster, workers: 3, workerGraceSeconds: 2000 });
  const start = 180;
  assert.equal(limitOf(counted, "worker", "update"), 4 * start + 3 * (start + 2000));
  assert.equal(limitOf(counted, "worker", "delete"), 4 * start + 2000);
  const scaled = await workloads({
    ...cluster,
    workerAutoscale: { min: 1, max: 5 },
    workerGraceSeconds: 2000,
  });
  assert.equal(limitOf(scaled, "worker", "update"), 4 * start + 5 * (start + 2000));
});

test("a Deployment's progress deadline is that of one pod, and its time limit counts every pod", async () => {
  const all = await workloads({ ...cluster, schedulers: 3 });
  const start = 180;
  assert.equal(specOf(all, "scheduler").progressDeadlineSeconds, 4 * start + 30);
  assert.equal(limitOf(all, "scheduler", "update"), 4 * start + 3 * (start + 30));
});

test("a small service in a cluster has time for a new node, a volume and a pull", async () => {
  const images = { ...cluster.images, pgbouncer: "registry.example.com/pgbouncer:1" };
  const all = await workloads({ ...cluster, images, pgbouncer: {} });
  assert.equal(limitOf(all, "pgbouncer", "create"), 720);
  assert.ok(Number(specOf(all, "pgbouncer").progressDeadlineSeconds) > 720);
});

test("a migration may take migrationSeconds on both platforms", async () => {
  const onEngine = await workloads({ migrationSeconds: 20_000 });
  assert.equal(limitOf(onEngine, "migration", "create"), 20_000 + 1200);
  const inCluster = await workloads({ ...cluster, migrationSeconds: 20_000 });
  assert.equal(specOf(inCluster, "migration").activeDeadlineSeconds, 20_000);
  assert.equal(limitOf(inCluster, "migration", "create"), 20_000 + 30 + 300);
});

test("the default limit of a migration is an hour, and that of other jobs 15 minutes", async () => {
  const config = { ...cluster, pools: { api: { slots: 1 } } };
  const all = await workloads(config);
  const deadline = (name: string) => specOf(all, name).activeDeadlineSeconds;
  assert.equal(deadline("migration"), 3600);
  assert.equal(deadline("declarations"), 900);
});
