import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { stackFile } from "../../tools/stack.ts";
import { assertUndisturbed, type Config, TestStack } from "./harness.ts";
import { kubectl, onKubernetes, pods } from "./kubernetes.ts";

/** What the lab lacks: the images' registry, the repository of DAGs, and classes of storage. */
const foreign = ["images", "dagsImage", "dagsGit"];

/** A committed stack, but for what the lab lacks. */
function committed(name: string): Config {
  const { config } = parse(readFileSync(stackFile(name), "utf8"));
  const own = Object.entries<Config>(config).map(
    ([key, value]) => [key.replace("airflow:", ""), value] as const,
  );
  const kept = Object.fromEntries(own.filter(([key]) => !foreign.includes(key)));
  const { storage, ...kubernetes } = kept.kubernetes ?? {};
  return { ...kept, kubernetes };
}

const staging = new TestStack("livetest-staging", 18240, onKubernetes);
const prod = new TestStack("livetest-prod", 18250, onKubernetes);
const labels = {
  node1: ["node-role.example.com/airflow=small"],
  node2: ["node-role.example.com/airflow=large", "accelerator=nvidia"],
};

before(async () => {
  for (const [node, wanted] of Object.entries(labels))
    await kubectl("label", "node", node, "--overwrite", ...wanted);
});

after(async () => {
  await staging.remove();
  await prod.remove();
  for (const [node, wanted] of Object.entries(labels)) {
    await kubectl("label", "node", node, ...wanted.map((label) => label.replace(/=.*/, "-")));
  }
});

async function runs(stack: TestStack): Promise<void> {
  assertUndisturbed(await stack.finished("get_stocks_dag", await stack.trigger("get_stocks_dag")), 6);
}

test("staging: one of each, and a green DAG", async () => {
  await staging.up(committed("staging"));
  const healthy = [...(await staging.instances())].filter(([, { healthy }]) => healthy).map(([name]) => name);
  const roles = [
    "dag-processor",
    "flower",
    "postgres",
    "redis",
    "scheduler",
    "triggerer",
    "webserver",
    "worker-1",
  ];
  assert.deepEqual(healthy.sort(), roles);
  await runs(staging);
  await staging.remove();
});

test("prod: two schedulers and webservers, workers on their machines, and a green DAG", async () => {
  await prod.up(committed("prod"));
  const there = await pods(prod.prefix);
  const nodesOf = (name: string) =>
    [...there].filter(([instance]) => instance.startsWith(name)).map(([, { spec }]) => spec.nodeName);
  assert.equal(nodesOf("scheduler").length, 2);
  assert.equal(nodesOf("webserver").length, 2);
  assert.deepEqual(nodesOf("worker-small"), ["node1"]);
  assert.deepEqual(nodesOf("worker-large"), ["node2", "node2"]);
  assert.deepEqual([...nodesOf("worker-reports"), ...nodesOf("worker-gpu")], ["node2", "node2"]);
  // Redis and Postgres may be on one node; of two that are alike, one is on each.
  assert.deepEqual(nodesOf("scheduler").sort(), ["node1", "node2"]);
  await runs(prod);
});
