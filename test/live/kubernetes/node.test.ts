import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { planOf } from "../../../importer/input.ts";
import { machine } from "../../lab/settings.ts";
import { Namespace } from "../../parity/cluster.ts";
import { define, undefine } from "../../parity/definitions.ts";
import { controlRoles } from "../../roleNames.ts";
import { Outside, words } from "../docker/outside.ts";
import { found } from "../lib/canaries.ts";
import { assertUndisturbed, type Config, hostOf, TestStack } from "../lib/harness.ts";
import { Repository } from "../lib/repository.ts";
import { kubectl, lab, onKubernetes } from "../targets/kubernetes.ts";

const stack = new TestStack("livetest-node", 18220, onKubernetes);
const repository = new Repository("team");
const outside = new Outside("node-services", 18224, machine);
const { startNode, stopNode } = await lab();

/** Values of the official chart: control roles and a worker on the first node, a worker on the second, and KEDA's. */
const values = (url: string) => `executor: CeleryExecutor
airflowVersion: 3.3.2
nodeSelector: { kubernetes.io/hostname: node1 }
workers:
  celery:
    replicas: 1
    nodeSelector: { kubernetes.io/hostname: node1 }
    resources: { limits: { memory: 1Gi } }
    sets:
      - { name: b, queue: default, replicas: 1, nodeSelector: { kubernetes.io/hostname: node2 } }
      - { name: gpu, queue: gpu, keda: { enabled: true, minReplicaCount: 0, maxReplicaCount: 2 } }
dags:
  gitSync: { enabled: true, repo: "${url}", branch: main, subPath: team }
logs: { persistence: { enabled: true, size: 1Gi } }
`;

/** Postgres and a Redis that asks for certificates, outside of the cluster. */
function external(): Config {
  // KEDA gets the address, since it does not know the name.
  const { redis, ...services } = outside.services(`${outside.postgres("metadata")}?sslmode=verify-ca`);
  const url = { file: outside.file("asking", outside.named(outside.asking)) };
  const key = { file: join(outside.folder, "server.key") };
  return { ...services, redis: { ...redis, url, key, certificate: join(outside.folder, "server.pem") } };
}

/** Tells whether a role may connect to a port of the services outside. */
async function reaches(role: string, port: number): Promise<boolean> {
  const program = `import socket\ntry: print(bool(socket.create_connection(("${outside.address}", ${port}), 2)))
except OSError: print(False)`;
  return (await stack.exec(role, "python", "-c", program)).trim() === "True";
}

before(async () => {
  await outside.start();
  await repository.open(machine, join(stack.dags, "naps.py"));
  // KEDA's controller is missing: a set that it scales keeps a single worker.
  await define(stack.folder);
});

after(async () => {
  repository.close();
  await startNode("node2");
  await stack.discard();
  await Promise.all([outside.remove(), undefine()]);
});

test("values of a chart with sets, KEDA and git-sync are imported and deployed, and every set works on its queue", async () => {
  const look = () => assert.fail("a chart has no files beside it");
  const plan = planOf({ file: "values.yaml", text: values(repository.url), look });
  assert.deepEqual([plan.unsupported, plan.secrets], [[], []]);
  const { kubernetes, ...config } = plan.config;
  const egress = { to: [`${machine}/32`] };
  // The stack's DAGs come from the repository alone.
  const sources = { dags: undefined, dagsImage: undefined };
  await stack.up({ ...config, ...sources, ...external(), kubernetes: { ...Object(kubernetes), egress } });
  const workers = ["worker-b-1", "worker-gpu-1", "worker-pool-1"];
  assert.deepEqual(await stack.names(), [...controlRoles, "check", ...workers].sort());
  const { spec } = await new Namespace(stack.prefix).get<{ spec: unknown }>("scaledobject", "worker-gpu");
  const { minReplicaCount, maxReplicaCount } = Object(spec);
  assert.deepEqual([minReplicaCount, maxReplicaCount], [0, 2]);
  const tasks = await stack.finished("gpu_naps", await stack.trigger("gpu_naps"));
  assertUndisturbed(tasks, 2);
  assert.deepEqual([...new Set(tasks.map(hostOf))], ["worker-gpu-1"]);
});

test("services outside of the cluster are reached over TLS alone, by the roles that need them", async () => {
  const { encrypted, plain } = await outside.connections();
  assert.ok(encrypted >= 4, String(encrypted));
  assert.equal(plain, 0);
  assert.equal(await outside.sql("SELECT count(*) FROM celery_taskmeta", "team-results"), "2");
  const ports = { postgres: 18224, redis: 18227 };
  const reached = async (role: string) => [
    await reaches(role, ports.postgres),
    await reaches(role, ports.redis),
  ];
  assert.deepEqual(await reached("scheduler"), [true, true]);
  assert.deepEqual(await reached("webserver"), [true, false]);
  assert.deepEqual(await reached("flower"), [false, true]);
  const kinds = "configmap,deployment,event,job,networkpolicy,pod,statefulset";
  const seen = await kubectl("get", kinds, "--namespace", stack.prefix, "--output", "yaml");
  assert.match(seen, /hostnames:\s+- services\.test/);
  assert.deepEqual(found(seen, words), []);
  const worker = await stack.exec("worker-gpu-1", "sh", "-c", "cat /run/secrets/*");
  assert.doesNotMatch(worker, /team-metadata|team\.airflow/);
});

test("a node lost in the middle of tasks: they run again on the other one; the worker comes back with its node", async (t) => {
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
  assert.deepEqual([...new Set(again.map(hostOf))], ["worker-pool-1"]);

  const booted = Date.now();
  await startNode("node2");
  await stack.healthy("worker-b-1", 120);
  t.diagnostic(`its worker was back ${Math.round((Date.now() - booted) / 1000)} s after the node`);
  await stack.finished("naps", (await stack.napping(6)).run);
});
