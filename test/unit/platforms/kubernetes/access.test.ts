import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { podOperatorRole } from "../../../../platforms/kubernetes/cluster/podOperator.ts";
import { jobPod } from "../../../../platforms/kubernetes/pod.ts";
import type { PodExtras } from "../../../../workload.ts";
import { controlRoles } from "../../../roleNames.ts";
import { allOf, declared, type Plain, podsOf, specOf, specsOf } from "./objects.ts";

test("workloads may reach the name servers of clusters, of OpenShift, at link-local addresses and of the stack", async () => {
  const objects = await declared({ kubernetes: { dns: ["10.96.0.10/32"] } });
  const ports = [53, 5353].flatMap((port) => [
    { port, protocol: "UDP" },
    { port, protocol: "TCP" },
  ]);
  const space = (name: string) => ({ matchLabels: { "kubernetes.io/metadata.name": name } });
  assert.deepEqual((specOf(objects, "NetworkPolicy worker").egress as Plain[])[0], {
    to: [
      {
        namespaceSelector: space("kube-system"),
        podSelector: {
          matchExpressions: [
            { key: "k8s-app", operator: "In", values: ["kube-dns", "coredns", "node-local-dns"] },
          ],
        },
      },
      {
        namespaceSelector: space("openshift-dns"),
        podSelector: { matchLabels: { "dns.operator.openshift.io/daemonset-dns": "default" } },
      },
      { ipBlock: { cidr: "169.254.0.0/16" } },
      { ipBlock: { cidr: "10.96.0.10/32" } },
    ],
    ports,
  });
});

test("a stack without priority declares no PriorityClass, and a stack with it has one for control and one for tasks", async () => {
  const none = await declared({});
  assert.deepEqual([...allOf(none, "PriorityClass")], []);
  for (const [name, , pod] of podsOf(none)) assert.equal("priorityClassName" in pod, false, name);

  const objects = await declared({ kubernetes: { priority: { control: 10 } } });
  const classes = [...allOf(objects, "PriorityClass")].map(([name, inputs]) => {
    const { metadata, value, preemptionPolicy } = inputs;
    return [name, { name: (metadata as Plain).name, value, preemptionPolicy }];
  });
  assert.deepEqual(Object.fromEntries(classes), {
    control: { name: "airflow-unit-control", value: 10, preemptionPolicy: "PreemptLowerPriority" },
    tasks: { name: "airflow-unit-tasks", value: -1000, preemptionPolicy: "Never" },
  });
  for (const [name, , pod] of podsOf(objects))
    assert.equal(pod.priorityClassName, `airflow-unit-${name === "worker" ? "tasks" : "control"}`, name);
});

/** Kinds of objects that have no namespace. */
const clusterWide = ["Namespace", "PriorityClass", "CustomResourceDefinition", "ClusterRole"];

test("createNamespace: false declares no namespace, and all objects are in the given one", async () => {
  const kubernetes = { namespace: "team-data", createNamespace: false };
  const objects = await declared({ kubernetes });
  for (const kind of clusterWide) assert.deepEqual([...allOf(objects, kind).keys()], [], kind);
  const places = [...objects].flatMap(([name, { metadata }]) =>
    metadata === undefined ? [] : [[name, (metadata as Plain).namespace]],
  );
  assert.ok(places.length > 20, String(places.length));
  assert.deepEqual(
    places.filter(([, namespace]) => namespace !== "team-data"),
    [],
  );
  assert.deepEqual([...allOf(await declared({}), "Namespace").keys()], ["kubernetes"]);
});

test("the service account has the stack's annotations, and mounts no token", async () => {
  const annotations = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/airflow" };
  const objects = await declared({ kubernetes: { serviceAccount: { annotations } } });
  const account = objects.get("ServiceAccount kubernetes") ?? {};
  assert.deepEqual((account.metadata as Plain).annotations, annotations);
  assert.equal(account.automountServiceAccountToken, false);
});

const podOperator = { namespace: "airflow-tasks", apiServer: ["10.0.0.4:6443"] };

test("podOperator gives workers and the triggerer alone a token, for pods of another namespace", async () => {
  const objects = await declared({ kubernetes: { podOperator } });
  const tokens = podsOf(objects).filter(([, , pod]) => pod.automountServiceAccountToken);
  assert.deepEqual(tokens.map(([name]) => name).sort(), ["triggerer", "worker"]);
  const metadata = { name: "airflow-unit-tasks", namespace: "airflow-tasks", labels: {} };
  const { apiVersion: _, kind: __, ...role } = objects.get("Role pod-operator") ?? {};
  assert.deepEqual(role, {
    metadata,
    rules: [
      {
        apiGroups: [""],
        resources: ["pods"],
        verbs: ["create", "get", "list", "watch", "patch", "delete"],
      },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] },
      { apiGroups: [""], resources: ["events"], verbs: ["list"] },
    ],
  });
  const { roleRef, subjects } = objects.get("RoleBinding pod-operator") ?? {};
  assert.deepEqual(roleRef, {
    apiGroup: "rbac.authorization.k8s.io",
    kind: "Role",
    name: "airflow-unit-tasks",
  });
  assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: "airflow", namespace: "airflow-unit" }]);
  const api = { to: [{ ipBlock: { cidr: "10.0.0.4/32" } }], ports: [{ port: 6443, protocol: "TCP" }] };
  const reaching = Object.entries(specsOf(objects, "NetworkPolicy")).filter(([, { egress = [] }]) =>
    (egress as Plain[]).some((rule) => isDeepStrictEqual(rule, api)),
  );
  assert.deepEqual(reaching.map(([name]) => name).sort(), ["triggerer", "worker"]);
  const own = { stack: "a", namespace: "a", serviceAccount: "airflow", labels: {} };
  assert.throws(
    () => podOperatorRole(own, {}),
    /podOperator\.namespace is a, the stack's own, where tasks could read all secrets/,
  );
});

test("tasks that start pods ask the cluster's API without the proxy, and all other hosts as before", async () => {
  const direct = async (config: Plain) => {
    const variables = podsOf(await declared(config)).flatMap(([name, , { containers }]) => {
      const env = (containers as { env: { name: string; value: string }[] }[]).flatMap(({ env }) => env);
      return env
        .filter((one) => ["NO_PROXY", "no_proxy"].includes(one.name))
        .map(({ value }) => [name, value] as const);
    });
    assert.ok(variables.length > 3);
    return variables;
  };
  const proxy = { https: "http://proxy.test:3128", no: [".a$(b).test"] };
  const api = ",$(KUBERNETES_SERVICE_HOST)";
  const without = await direct({ proxy });
  assert.deepEqual(
    await direct({ proxy, kubernetes: { podOperator } }),
    without.map(([name, value]) => [name, ["triggerer", "worker"].includes(name) ? value + api : value]),
  );
  for (const [name, value] of without) assert.match(value, /,\.a\$\$\(b\)\.test$/, name);
  const roles = { all: { env: { NO_PROXY: "*", no_proxy: ".a.test" } } };
  const own = await direct({ roles, kubernetes: { podOperator } });
  assert.deepEqual(
    own.filter(([name]) => name === "worker").map(([, value]) => value),
    ["*", `.a.test${api}`],
  );
});

test("zones: true spreads instances over zones, then over nodes", async () => {
  const keys = async (kubernetes: object) => {
    const [, , pod] =
      podsOf(await declared({ kubernetes })).find(([name]) => name === "webserver") ?? assert.fail();
    return (pod.topologySpreadConstraints as Plain[]).map(({ topologyKey, whenUnsatisfiable }) => [
      topologyKey,
      whenUnsatisfiable,
    ]);
  };
  const zone = ["topology.kubernetes.io/zone", "ScheduleAnyway"];
  const host = ["kubernetes.io/hostname", "ScheduleAnyway"];
  assert.deepEqual(await keys({}), [host]);
  assert.deepEqual(await keys({ zones: true }), [zone, host]);
});

test("userIds: cluster leaves user and group to the cluster", async () => {
  const postgres = {
    url: "postgresql://u:word-of-a-test@db.test/airflow",
    resultsUrl: "postgresql://u:word-of-a-test@db.test/results",
  };
  const objects = await declared({ postgres, kubernetes: { userIds: "cluster" } });
  const pods = podsOf(objects);
  assert.ok(pods.length > 6);
  for (const [name, , pod] of pods) {
    const [container = {}] = pod.containers as Plain[];
    assert.doesNotMatch(JSON.stringify(pod), /runAsUser|runAsGroup|fsGroup/, name);
    assert.equal((container.securityContext as Plain).runAsNonRoot, true, name);
    assert.deepEqual((container.env as Plain[])[0], { name: "USER", value: "airflow" }, name);
  }
});

test("roles.*.pod adds fields to the role's pods", async () => {
  const pod = {
    annotations: { "example.com/watched": "true" },
    initContainers: [
      {
        name: "proxy",
        image: "proxy:1",
        restartPolicy: "Always",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  };
  const objects = await declared({ roles: { all: { pod }, webserver: { pod: { annotations: {} } } } });
  const annotations = (name: string) =>
    ((specOf(objects, name).template as Plain).metadata as Plain).annotations;
  const local = { "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes": "tmp" };
  assert.deepEqual(annotations("Deployment scheduler"), { ...local, ...pod.annotations });
  assert.deepEqual(annotations("Deployment webserver"), local);
  assert.equal(annotations("StatefulSet redis"), undefined);
  const sidecars = podsOf(objects).filter(([, , { initContainers }]) => initContainers !== undefined);
  assert.deepEqual(sidecars.map(([name]) => name).sort(), [...controlRoles, "worker"]);
});

test("the cluster's autoscaler may remove nodes of workers and roles, but for workers that may take longer than it waits", async () => {
  const key = "cluster-autoscaler.kubernetes.io/safe-to-evict";
  const moves = { [`${key}-local-volumes`]: "tmp" };
  const annotations = async (config: Plain, name = "StatefulSet worker") =>
    ((specOf(await declared(config), name).template as Plain).metadata as Plain).annotations;
  assert.deepEqual(await annotations({ workerGraceSeconds: 600 }), moves);
  assert.deepEqual(await annotations({ workerGraceSeconds: 601 }), { [key]: "false" });
  assert.deepEqual(await annotations({ workerGraceSeconds: 601 }, "Deployment scheduler"), moves);
  for (const name of ["StatefulSet postgres", "Job migration"])
    assert.equal(await annotations({}, name), undefined, name);
  const pod = { annotations: { [key]: "true", "example.com/watched": "true" } };
  const own = { workerGraceSeconds: 601, roles: { worker: { pod } } };
  assert.deepEqual(await annotations(own), pod.annotations);
});

test("a change of what the service account gives to pods replaces them, and no job", async () => {
  const key = "airflow-on-celery/service-account";
  const hash = async (kubernetes: Plain, name = "StatefulSet redis") => {
    const { annotations } = (specOf(await declared({ kubernetes }), name).template as Plain)
      .metadata as Plain;
    return (annotations as Plain | undefined)?.[key];
  };
  const roleOf = (role: string) => ({
    serviceAccount: { annotations: { "eks.amazonaws.com/role-arn": role } },
  });
  assert.equal(await hash({}), undefined);
  const all = [await hash(roleOf("a")), await hash(roleOf("b")), await hash({ pullSecrets: ["a"] })];
  assert.equal(new Set([undefined, ...all]).size, 4);
  assert.equal(await hash(roleOf("a"), "Deployment scheduler"), all[0]);
  assert.equal(await hash(roleOf("a"), "Job migration"), undefined);
});

test("only pods that start elsewhere are soon stopped on a lost node", async () => {
  const pods = podsOf(await declared({}));
  const seconds = pods
    .filter(([, kind]) => kind !== "Job")
    .map(([name, kind, { tolerations }]) => [
      name,
      kind,
      (tolerations as Plain[]).map(({ tolerationSeconds }) => tolerationSeconds),
    ]);
  assert.ok(seconds.length > 5);
  for (const [name, kind, found] of seconds)
    assert.deepEqual(found, kind === "Deployment" ? [60, 60] : [], `${kind} ${name}`);
});

test("roles.*.pod refuses names that the stack itself uses", () => {
  const worker = {
    image: "image:1",
    command: ["run"],
    user: { uid: 1, gid: 1 },
    scratch: ["/tmp"],
    limits: { memory: 64, cpu: 1 },
    reaches: [],
    stop: { signal: "SIGTERM", graceSeconds: 1 },
  } as const;
  const args = { serviceAccount: "airflow", nodes: { labels: {}, tolerations: [] } };
  const clashes: [PodExtras, RegExp][] = [
    [{ volumes: [{ name: "tmp", emptyDir: {} }] }, /pod\.volumes has tmp, which the stack itself uses/],
    [
      { volumeMounts: [{ name: "x", mountPath: "/tmp" }] },
      /pod\.volumeMounts has \/tmp, which the stack itself uses/,
    ],
    [{ initContainers: [{ name: "worker" }] }, /pod\.initContainers has worker, which the stack itself uses/],
  ];
  for (const [pod, message] of clashes)
    assert.throws(() => jobPod("worker", { ...worker, pod }, args), message);
});
