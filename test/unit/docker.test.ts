import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { jobContainer, serviceContainer } from "../../platforms/docker.ts";
import type { Service } from "../../workload.ts";

const placement = { prefix: "airflow-unit", network: "net" };

const service: Required<Service> = {
  image: "image:1",
  command: ["run", "it"],
  user: { uid: 1, gid: 2 },
  env: { A: "b=c" },
  secrets: { key: "value" },
  files: { "/etc/file": "content" },
  volumes: { "/data": { kind: "data", name: "vol" }, "/dags": { kind: "directory", path: "/host" } },
  memory: 512,
  stop: { signal: "SIGINT", graceSeconds: 7 },
  healthy: { command: ["check"], startSeconds: 60 },
  port: 80,
  loopbackPort: 8000,
};

/** What each field becomes; a field without a case does not compile. */
const cases: { readonly [field in keyof Required<Service>]: Record<string, unknown> } = {
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
    ],
  },
  memory: { memory: 512, memorySwap: 512 },
  stop: { stopSignal: "SIGINT", stopTimeout: 7, destroyGraceSeconds: 7 },
  healthy: { wait: true, waitTimeout: 120 },
  port: { ports: [{ internal: 80, external: 8000, ip: "127.0.0.1" }] },
  loopbackPort: { ports: [{ internal: 80, external: 8000, ip: "127.0.0.1" }] },
};

function resolved(args: object): Promise<Record<string, unknown>> {
  return new Promise((done) => {
    pulumi.output<object>(args).apply((plain) => done({ ...plain }));
  });
}

for (const [field, expected] of Object.entries(cases)) {
  test(`a container honours ${field}`, async () => {
    const container = await resolved(serviceContainer("web", service, placement));
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(container[key], value);
  });
}

test("a health check carries its command and timings to the probe", async () => {
  const { healthcheck } = await resolved(serviceContainer("web", service, placement));
  const { tests, retries } = healthcheck as { tests: string[]; retries: number };
  assert.deepEqual(tests.slice(0, 3), ["CMD", "sh", "-c"]);
  assert.deepEqual(tests.slice(4), ["probe", "60", "10", "15", "INT", "7", "check"]);
  assert.equal(retries, 1);
});

test("secrets stay secret", async () => {
  const { uploads } = serviceContainer("web", { ...service, files: {} }, placement);
  assert.equal(await pulumi.isSecret(pulumi.output(uploads)), true);
});

test("a job runs once, to its end", async () => {
  const { healthy: _, port: __, loopbackPort: ___, ...job } = service;
  const container = await resolved(jobContainer("once", job, placement));
  assert.equal(container.attach, true);
  assert.equal(container.mustRun, false);
  assert.equal(container.restart, "no");
});
