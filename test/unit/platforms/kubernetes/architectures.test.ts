import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  architectureFaults,
  architecturesIn,
  type ClusterNode,
  podsOf,
} from "../../../../platforms/kubernetes/cluster/architectures.ts";
import { checkCluster } from "../../../../platforms/kubernetes/cluster/check.ts";
import { neighbourKinds } from "../../../../platforms/kubernetes/cluster/neighbours.ts";
import type { StateResource } from "../../../../platforms/ownership/known.ts";
import { oldestKubernetes } from "../../../../settings/schema/versions.ts";
import { cluster, clusterWithImage } from "../../cluster.ts";
import { type Config, settingsFor } from "../../settingsFrom.ts";
import { withPrograms } from "../../standIns.ts";
import { declared, podsOf as renderedPods } from "./objects.ts";

const arch = "kubernetes.io/arch";

function node(name: string, architecture: string, more: { labels?: object; taints?: object[] } = {}) {
  const { labels = {}, taints = [] } = more;
  const metadata = {
    name,
    labels: { [arch]: architecture, "kubernetes.io/hostname": name, ...labels },
  };
  return { metadata, spec: { taints }, status: { nodeInfo: { architecture } } } as ClusterNode;
}

const amd = [node("a1", "amd64"), node("a2", "amd64")];
const arm = [node("b1", "arm64"), node("b2", "arm64"), node("b3", "arm64"), node("b4", "arm64")];

/** Finds the faults of a stack; by default its three images are for amd64. */
function faults(
  nodes: readonly ClusterNode[],
  config: Config = {},
  known: Readonly<Record<string, readonly string[]>> = {
    "images.airflow": ["amd64"],
    "images.postgres": ["amd64"],
    "images.redis": ["amd64"],
  },
): string[] {
  return architectureFaults(
    podsOf(settingsFor({ ...cluster, ...config })),
    nodes,
    new Map(Object.entries(known)),
  );
}

const page = "docs/kubernetes.md#architectures";
const images = "images.airflow, images.postgres and images.redis are for amd64";
const onArm = (labels: object) => ({ kubernetes: { nodeLabels: labels } });

test("images that no node can run are refused, with images, nodes and the expected architecture", () => {
  assert.deepEqual(faults(arm), [
    `${images}, and the nodes for everything but workers and worker are arm64 (b1, b2 and 2 more); expected images for arm64: ${page}`,
  ]);
  assert.deepEqual(faults(amd), []);
});

test("nodes of which some cannot run the images are refused, with the labels of those that can", () => {
  assert.deepEqual(faults([...arm, ...amd]), [
    `${images}, and the nodes for everything but workers and worker are amd64 (a1, a2) and arm64 (b1, b2 and 2 more); ` +
      `expected nodes of one architecture, by kubernetes.nodeLabels: { kubernetes.io/arch: amd64 }, or images for amd64 and arm64: ${page}`,
  ]);
  assert.deepEqual(faults([...arm, ...amd], onArm({ [arch]: "amd64" })), []);
});

test("images for several architectures run on all of their nodes", () => {
  const both = { "images.airflow": ["amd64", "arm64"], "images.redis": ["amd64", "arm64"] };
  assert.deepEqual(faults([...arm, ...amd], {}, both), []);
  const [fault = ""] = faults([...arm, ...amd], {}, { ...both, "images.postgres": ["arm64"] });
  assert.match(fault, /^images.postgres is for arm64, and the nodes/);
  assert.match(fault, /by kubernetes.nodeLabels: \{ kubernetes.io\/arch: arm64 \}/);
});

test("what is unknown is not refused: an image without an answer, pods without a node", () => {
  assert.deepEqual(faults(arm, {}, {}), []);
  assert.deepEqual(faults(arm, onArm({ pool: "none" })), []);
  assert.deepEqual(faults(arm, {}, { "images.airflow": ["arm64"] }), []);
});

test("each group of workers is compared with the nodes of its labels, tolerations and machine", () => {
  const gpu = { labels: { gpu: "yes" }, taints: [{ key: "gpu", value: "x", effect: "NoSchedule" }] };
  const nodes = [...amd, node("g1", "arm64", gpu)];
  const group = { name: "gpu", queues: ["gpu"], nodeLabels: { gpu: "yes" } };
  const of = (more: object) => faults(nodes, { workerGroups: [{ ...group, ...more }] });
  const fault = `images.airflow is for amd64, and the nodes for worker-gpu are arm64 (g1); expected images for arm64: ${page}`;
  assert.deepEqual(of({ tolerations: [{ key: "gpu", effect: "NoSchedule" }] }), [fault]);
  assert.deepEqual(of({ tolerations: [{ key: "gpu", value: "x", effect: "NoSchedule" }] }), [fault]);
  assert.deepEqual(of({ tolerations: [{ key: "gpu", value: "y", effect: "NoSchedule" }] }), []);
  assert.deepEqual(of({}), []);
  const machines = [{ name: "large", node: "b1", workers: 1 }];
  assert.match(
    faults([...amd, node("b1", "arm64")], { machines }).at(-1) ?? "",
    /for worker-large are arm64 \(b1\)/,
  );
});

test("a node that is down counts, and a taint that is only a preference", () => {
  for (const taint of [
    { key: "node.kubernetes.io/unreachable", effect: "NoExecute" },
    { key: "spot", effect: "PreferNoSchedule" },
  ])
    assert.equal(faults([...amd, node("c", "arm64", { taints: [taint] })]).length, 1);
  assert.deepEqual(
    faults([...amd, node("c", "arm64", { taints: [{ key: arch, value: "arm64", effect: "NoSchedule" }] })]),
    [],
  );
});

test("roles with node affinities of their own are left to these, the services are not", () => {
  const pod = { affinity: { nodeAffinity: {} } };
  assert.deepEqual(faults(arm, { roles: { all: { pod } } }), [
    `images.postgres and images.redis are for amd64, and the nodes for everything but workers are arm64 (b1, b2 and 2 more); expected images for arm64: ${page}`,
  ]);
  assert.match(faults(arm, { roles: { worker: { pod } } })[0] ?? "", /for everything but workers are arm64/);
});

test("nodeLabels choose the nodes of all pods, and other labels come on top", async () => {
  const kubernetes = { nodeLabels: { [arch]: "amd64" }, controlLabels: { pool: "small" } };
  const group = { name: "gpu", queues: ["gpu"], nodeLabels: { gpu: "yes" } };
  const pods = renderedPods(await declared({ kubernetes, workerGroups: [group] }));
  for (const [name, , { nodeSelector }] of pods) {
    const own = { worker: {}, "worker-gpu": { gpu: "yes" } }[name] ?? { pool: "small" };
    assert.deepEqual(nodeSelector, { [arch]: "amd64", ...own }, name);
  }
});

const manifest = (architecture: string, os = "linux") => ({ Descriptor: { platform: { architecture, os } } });

test("the architectures of one manifest, and of a list of them, are read without attestations", () => {
  assert.deepEqual(architecturesIn(JSON.stringify(manifest("arm64"))), ["arm64"]);
  const list = [
    manifest("amd64"),
    manifest("arm64"),
    manifest("unknown", "unknown"),
    manifest("amd64", "windows"),
  ];
  assert.deepEqual(architecturesIn(JSON.stringify(list)), ["amd64", "arm64"]);
  assert.deepEqual(architecturesIn("{}"), []);
});

/** Shell commands that answer for the cluster and the registry. */
interface Answers {
  readonly nodes?: string;
  readonly registry?: string;
  readonly version?: string;
  readonly objects?: string;
  readonly namespace?: string;
  readonly address?: string;
}

/** Checks a stack in front of a cluster of two arm64 nodes and a registry; returns the error, and what Docker was asked. */
async function checked(
  config: Config,
  {
    nodes,
    registry,
    version,
    objects,
    namespace,
    address,
    resources,
  }: Answers & { resources?: readonly StateResource[] } = {},
) {
  const all = JSON.stringify({ items: arm.slice(0, 2) });
  const programs = {
    kubectl: `#!/bin/sh\ncase "$*" in *" get nodes "*) ${nodes ?? `echo '${all}'`};; *" version "*) ${version ?? "exit 1"};; *"get ${neighbourKinds} "*) ${objects ?? "exit 1"};; *" get namespaces "*) ${namespace ?? "exit 1"};; *"get service kubernetes --namespace default "*) ${address ?? "exit 1"};; *) exit 1;; esac`,
    docker: `#!/bin/sh
echo "$*" >> "$(dirname "$0")/asked"
case "$1" in version) echo arm64;; *) ${registry ?? `echo '${JSON.stringify(manifest("amd64"))}'`};; esac`,
  };
  return withPrograms(programs, async (folder) => {
    const error = await checkCluster(settingsFor(config), "airflow-unit", resources).then(
      () => undefined,
      ({ message }: Error) => message,
    );
    const asked = readFileSync(join(folder, "asked"), { encoding: "utf8", flag: "a+" });
    return { error, asked: asked.trim().split("\n").sort() };
  });
}

test("the registries of all images of a stack are asked, and the cluster's nodes are compared", async () => {
  const { error, asked } = await checked(cluster);
  assert.equal(
    error,
    `${images}, and the nodes for everything but workers and worker are arm64 (b1, b2); expected images for arm64: ${page}`,
  );
  assert.deepEqual(
    asked,
    ["airflow", "postgres", "redis"].map((name) => `manifest inspect --verbose r/${name}:1`),
  );
});

test("a registry on this machine may speak plain HTTP, and no other one", async () => {
  const of = (airflow: string) => ({ ...cluster, images: { ...cluster.images, airflow } });
  const { asked } = await checked(of("localhost:5000/r/airflow:1"));
  assert.equal(asked[0], "manifest inspect --verbose --insecure localhost:5000/r/airflow:1");
  assert.equal(
    (await checked(of("127.0.0.1.example.com/a:1"))).asked[0],
    "manifest inspect --verbose 127.0.0.1.example.com/a:1",
  );
});

test("a registry that refuses to answer, and a cluster that does not list its nodes, refuse no stack", async () => {
  assert.equal((await checked(cluster, { registry: "exit 1" })).error, undefined);
  assert.deepEqual(await checked(cluster, { nodes: "exit 1" }), { error: undefined, asked: [""] });
});

test("the image with DAGs has the architecture of the engine that builds it, if Airflow's image has that", async () => {
  const both = `echo '${JSON.stringify([manifest("amd64"), manifest("arm64")])}'`;
  const stack = {
    ...clusterWithImage,
    postgres: { url: "postgresql://a:72hf8s92hf@c/d" },
    redis: { url: "rediss://a:72hf8s92hf@c/0" },
  };
  assert.equal((await checked(stack, { registry: both })).error, undefined);
  assert.match((await checked(stack)).error ?? "", /^dagsImage is for amd64, and the nodes for .* are arm64/);
  const amdNodes = `echo '${JSON.stringify({ items: amd })}'`;
  assert.match(
    (await checked(stack, { registry: both, nodes: amdNodes })).error ?? "",
    /^dagsImage is for arm64/,
  );
  assert.equal((await checked(stack, { nodes: amdNodes })).error, undefined);
});

test("a cluster that is too old is refused, and one that does not tell its version is not", async () => {
  const fault = async (version?: string) =>
    (await checked(cluster, { nodes: "exit 1", ...(version !== undefined && { version }) })).error;
  const says = (gitVersion: string) => `echo '${JSON.stringify({ serverVersion: { gitVersion } })}'`;
  assert.equal(
    await fault(says("v1.29.4-eks-036c24b")),
    `the cluster has Kubernetes v1.29.4-eks-036c24b; expected ${oldestKubernetes} or newer: upgrade the cluster`,
  );
  for (const version of [says("v1.30.0"), says("v1.34.1+k3s1"), "echo '{}'", undefined])
    assert.equal(await fault(version), undefined, version);
});

test("a cluster whose Services have IPv6 addresses is refused, and one that does not tell them is not", async () => {
  const fault = async (address?: string) =>
    (await checked(cluster, { nodes: "exit 1", ...(address !== undefined && { address }) })).error;
  assert.equal(
    await fault("echo fd00:10:96::1"),
    "the cluster gives Services IPv6 addresses, such as fd00:10:96::1; expected a cluster of IPv4 addresses, or of both kinds with IPv4 first",
  );
  for (const address of ["echo 10.96.0.1", undefined]) assert.equal(await fault(address), undefined, address);
});

test("a first deployment to a namespace is refused if others run there", async () => {
  const owned = (kind: string) => ({ ownerReferences: [{ kind }] });
  const found = [
    { kind: "Service", metadata: { name: "redis" } },
    { kind: "Service", metadata: { name: "kubernetes", labels: { component: "apiserver" } } },
    { kind: "Deployment", metadata: { name: "shop" } },
    { kind: "Pod", metadata: { name: "shop-1", ...owned("ReplicaSet") }, status: { phase: "Running" } },
    { kind: "Pod", metadata: { name: "report-1", ...owned("Job") }, status: { phase: "Running" } },
    { kind: "Pod", metadata: { name: "report-0", ...owned("Job") }, status: { phase: "Succeeded" } },
  ];
  const objects = `echo '${JSON.stringify({ items: found })}'`;
  const fault = async (kubernetes: object, more: Parameters<typeof checked>[1] = {}) =>
    (await checked({ ...cluster, kubernetes }, { nodes: "exit 1", objects, ...more })).error;
  const shared = { createNamespace: false, namespace: "team" };
  assert.equal(
    await fault(shared),
    "namespace team has Deployment shop, Pod report-1, Service redis; expected a namespace for the stack alone, since it " +
      "denies the connections of all other pods there; name another with kubernetes.namespace",
  );
  assert.equal(
    await fault({ namespace: "team" }),
    await fault(shared),
    "of a namespace that the stack labels",
  );
  for (const [installation, isRefused] of [
    ["<none>", true],
    ["0123456789abcdef", false],
  ] as const) {
    const namespace = `echo 'team ${installation} <none> <none> <none>'`;
    assert.equal((await fault({ namespace: "team" }, { namespace })) !== undefined, isRefused, installation);
  }
  assert.equal(await fault(shared, { objects: "exit 1" }), undefined, "without an answer");
  const deployedTo = (namespace: string) => ({
    resources: [{ urn: "a", type: "kubernetes:core/v1:Service", outputs: { metadata: { namespace } } }],
  });
  assert.equal(await fault(shared, deployedTo("team")), undefined, "of a stack that was deployed there");
  assert.match((await fault(shared, deployedTo("other"))) ?? "", /Deployment shop/);
});

test("a stack that has made its namespace cannot stop making it, which would remove its volumes", async () => {
  const resources = [
    { urn: "a", type: "kubernetes:core/v1:Namespace", outputs: { metadata: { name: "team" } } },
  ];
  const fault = async (createNamespace: boolean) =>
    (
      await checked(
        { ...cluster, kubernetes: { createNamespace, namespace: "team" } },
        { nodes: "exit 1", resources },
      )
    ).error;
  assert.equal(
    await fault(false),
    "kubernetes.createNamespace is false, and the stack has made namespace team, which has its data; expected true",
  );
  assert.equal(await fault(true), undefined);
});
