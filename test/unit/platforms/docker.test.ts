import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { jobContainer, serviceContainers } from "../../../platforms/docker/container.ts";
import type { Service } from "../../../workload.ts";

const placement = { prefix: "airflow-unit", network: "net", labels: { team: "all", stack: "all" } };

/** Omits fields that Docker refuses, and the two fields about several containers: machine and turns. */
const service: Required<Omit<Service, "nodes" | "autoscale" | "pod" | "machine" | "turns">> = {
  image: "image:1",
  command: ["run", "it"],
  user: { uid: 1, gid: 2 },
  env: { A: "b=c" },
  secrets: { key: "value" },
  files: { "/etc/file": "content" },
  volumes: {
    "/data": { kind: "data", name: "vol", sharing: "exclusive" },
    "/dags": { kind: "directory", path: "/host" },
    "/models": { kind: "host", path: "/srv/models" },
  },
  labels: { team: "data", "example.com/tier": "b" },
  hosts: { "db.example.com": "10.0.0.7" },
  scratch: ["/tmp"],
  limits: { memory: 512, cpu: 1.5 },
  sharedMemory: 128,
  reaches: [{ host: "redis", port: 6379 }],
  outbound: true,
  stop: { signal: "SIGINT", graceSeconds: 7 },
  healthy: { command: ["check"], startSeconds: 60 },
  port: 80,
  loopbackPort: 8000,
  replicas: 2,
  stateful: true,
  runsTasks: true,
  metrics: { job: "web", rules: [] },
  priority: "tasks",
};

/** Result of each field; a field without a case does not compile. */
const cases: { readonly [field in keyof typeof service]: Record<string, unknown> } = {
  image: { image: "image:1" },
  command: { entrypoints: ["run", "it"] },
  user: { user: "1:2" },
  env: { envs: ["A=b=c"] },
  secrets: {
    uploads: [
      { file: "/etc/file", content: "content", permissions: "0444" },
      { file: "/run/secrets/key", content: "value", permissions: "0444" },
    ],
  },
  files: {
    uploads: [
      { file: "/etc/file", content: "content", permissions: "0444" },
      { file: "/run/secrets/key", content: "value", permissions: "0444" },
    ],
  },
  volumes: {
    mounts: [
      { target: "/data", type: "volume", source: "vol" },
      { target: "/dags", type: "bind", source: "/host", readOnly: true },
      { target: "/models", type: "bind", source: "/srv/models", readOnly: true },
    ],
  },
  labels: {
    labels: [
      { label: "example.com/tier", value: "b" },
      { label: "stack", value: "all" },
      { label: "team", value: "data" },
    ],
  },
  hosts: { hosts: [{ host: "db.example.com", ip: "10.0.0.7" }] },
  // The root file system and the network are writable and reachable without further inputs.
  scratch: { readOnly: undefined },
  reaches: { networksAdvanced: [{ name: "net", aliases: ["web-2", "web"] }] },
  outbound: { networkMode: "bridge" },
  limits: { memory: 512, memorySwap: 512, cpuPeriod: 100_000, cpuQuota: 150_000 },
  sharedMemory: { shmSize: 128 },
  stop: { stopSignal: "SIGINT", stopTimeout: 7, destroyGraceSeconds: 7 },
  healthy: { wait: true, waitTimeout: 240 },
  port: { ports: [{ internal: 80, external: 8001, ip: "127.0.0.1" }] },
  loopbackPort: { ports: [{ internal: 80, external: 8001, ip: "127.0.0.1" }] },
  replicas: { name: "airflow-unit-web-2", hostname: "web-2" },
  stateful: { restart: "unless-stopped", init: true },
  // An engine has no API that tasks could use.
  runsTasks: { privileged: undefined },
  // The stack's own Prometheus reads the port.
  metrics: { ports: [{ internal: 80, external: 8001, ip: "127.0.0.1" }] },
  priority: { cpuShares: 512 },
};

function second(of: Service): object & { uploads?: unknown } {
  return serviceContainers("web", of, placement)["web-2"] ?? assert.fail("there is no second instance");
}

test("fields that an engine cannot honour are refused", () => {
  const nodes = { labels: { a: "b" }, tolerations: [] };
  const login = { host: "db", port: 5432, user: "u", password: "p", database: "d", sslmode: "disable" };
  const database = { target: { host: "db", port: 5432 }, login: pulumi.output(login) };
  const autoscale = { min: 0, max: 2, database, query: "SELECT 1", countPerInstance: 1 };
  assert.throws(
    () => serviceContainers("web", { ...service, nodes }, placement),
    /web has nodes; expected none/,
  );
  assert.throws(
    () => serviceContainers("web", { ...service, autoscale }, placement),
    /web has autoscale; expected workers/,
  );
  const pod = { affinity: {} };
  assert.throws(
    () => serviceContainers("web", { ...service, pod }, placement),
    /web has fields of a pod; expected none/,
  );
});

function resolved(args: object): Promise<Record<string, unknown>> {
  return new Promise((done) => {
    pulumi.output<object>(args).apply((plain) => done({ ...plain }));
  });
}

for (const [field, expected] of Object.entries(cases)) {
  test(`a container honours ${field}`, async () => {
    const container = await resolved(second(service));
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(container[key], value);
  });
}

test("a container with a long time limit is awaited for that time", async () => {
  const healthy = { ...service.healthy, awaitedSeconds: 600 };
  assert.equal((await resolved(second({ ...service, healthy }))).waitTimeout, 600);
});

test("a health check carries its command and timings to the probe", async () => {
  const { healthcheck } = await resolved(second(service));
  const { tests, retries } = healthcheck as { tests: string[]; retries: number };
  assert.deepEqual(tests.slice(0, 3), ["CMD", "sh", "-c"]);
  assert.deepEqual(tests.slice(4), ["probe", "60", "240", "10", "6", "15", "INT", "7", "check"]);
  assert.equal(retries, 1);
});

test("a container's uploads are marked as secret", async () => {
  const { uploads } = second({ ...service, files: {} });
  assert.equal(await pulumi.isSecret(pulumi.output(uploads)), true);
});

test("the container of a job runs once, and is awaited to its end", async () => {
  const { healthy: _, port: __, loopbackPort: ___, ...job } = service;
  const container = await resolved(jobContainer("once", job, placement));
  assert.equal(container.attach, true);
  assert.equal(container.mustRun, false);
  assert.equal(container.restart, "no");
});
