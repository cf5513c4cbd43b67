import assert from "node:assert/strict";
import { after, test } from "node:test";
import { hostOf, TestStack } from "../lib/harness.ts";
import { lab, onKubernetes } from "../targets/kubernetes.ts";

const stack = new TestStack("livetest-node", 18220, onKubernetes);
const config = {
  machines: [
    { name: "a", node: "node1", workers: 1 },
    { name: "b", node: "node2", workers: 1 },
  ],
  workerMemory: 1024,
  kubernetes: { controlLabels: { "kubernetes.io/hostname": "node1" } },
};
const { startNode, stopNode } = await lab();

after(async () => {
  await startNode("node2");
  await stack.discard();
});

test("a node lost in the middle of tasks: they run again on the other one; the worker comes back with its node", async (t) => {
  await stack.up(config);
  const { run, on } = await stack.napping(6);
  const lost = on("worker-b-1");
  const begin = Date.now();
  const since = () => Math.round((Date.now() - begin) / 1000);
  await stopNode("node2");
  const tasks = await stack.finished("naps", run);
  t.diagnostic(`${lost.length} tasks were lost with their node; all six were done ${since()} s later`);
  assert.deepEqual([...new Set(tasks.map(({ state }) => state))], ["success"]);
  const again = tasks.filter(({ try_number }) => try_number === 2);
  assert.deepEqual(again.map(({ task_id }) => task_id).sort(), lost);
  assert.deepEqual([...new Set(again.map(hostOf))], ["worker-a-1"]);

  const booted = Date.now();
  await startNode("node2");
  await stack.healthy("worker-b-1", 120);
  t.diagnostic(`its worker was back ${Math.round((Date.now() - booted) / 1000)} s after the node`);
  await stack.finished("naps", (await stack.napping(6)).run);
});
