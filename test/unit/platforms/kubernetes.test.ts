import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { progress } from "../../../platforms/checks.ts";
import { jobPod, type PodArgs, servicePod } from "../../../platforms/kubernetes/pod.ts";
import { policy, reachLabels } from "../../../platforms/kubernetes/policies.ts";
import { rolesWhere } from "../../../roles.ts";
import type { Service } from "../../../workload.ts";
import { controlRoles, runningRoles } from "../../roleNames.ts";
import { cluster } from "../cluster.ts";
import { allOf, declared, type Plain, podsOf, specOf, specsOf } from "./kubernetes/objects.ts";

const args: PodArgs = {
  files: "web-files",
  secrets: "web-secrets",
  serviceAccount: "airflow",
  priorityClass: "stack-tasks",
  nodes: { labels: { disk: "ssd" }, tolerations: [{ key: "gpu", effect: "NoSchedule" }] },
};

/** Omits the machine, which becomes labels of `nodes`, and turns, which concern several StatefulSets. */
type Fields = Required<Omit<Service, "machine" | "turns">>;

const login = { host: "db", port: 5432, user: "u", password: "p", database: "d", sslmode: "disable" };

const service: Fields = {
  image: "image:1",
  command: ["run", "it"],
  user: { uid: 1, gid: 2 },
  env: { A: "b=c" },
  secrets: { key: "value" },
  files: { "/etc/app/file.conf": "content" },
  volumes: { "/data": { kind: "data", name: "claim", sharing: "exclusive" } },
  labels: { team: "data" },
  hosts: { "a.example.com": "10.0.0.7", "b.example.com": "10.0.0.8", "c.example.com": "10.0.0.7" },
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
  autoscale: {
    min: 0,
    max: 3,
    database: { target: { host: "db", port: 5432 }, login: pulumi.output(login) },
    query: "SELECT 1",
    countPerInstance: 4,
  },
  stateful: true,
  runsTasks: true,
  metrics: { job: "web", rules: [] },
  pod: {
    annotations: { "example.com/watched": "true" },
    affinity: { nodeAffinity: { preferred: [] } },
    initContainers: [{ name: "proxy", image: "proxy:1", restartPolicy: "Always" }],
    volumes: [{ name: "sockets", emptyDir: {} }],
    volumeMounts: [{ name: "sockets", mountPath: "/sockets" }],
  },
  priority: "tasks",
  nodes: { labels: { disk: "ssd" }, tolerations: [{ key: "gpu", effect: "NoSchedule" }] },
};

const pod: Plain = { ...servicePod("web", service, args) };
const [container = {}] = pod.containers as Plain[];
const around = {
  egress: { to: ["0.0.0.0/0"], except: ["10.0.0.0/8"] },
  dns: ["10.96.0.10/32"],
  apiServer: ["10.0.0.4:6443", "10.1.0.0/16:443"],
};
const edges: Plain = { ...policy("web", service, around) };
const exec = { command: ["check"] };

const startup = `${progress}begin_start
until timeout 10 "$@"; do
  [ $? -ne 75 ] || begin_start
  judge_progress 60 240
  [ $(($(now) - since)) -lt 60 ] || exit 1
  sleep 0.5
done`;

const liveness = `looks=6
while [ $looks -gt 0 ]; do
  sleep 10
  timeout 10 "$@" || [ $? -eq 75 ] || exit 1
  looks=$((looks - 1))
done`;

/**
 * Result of each field in a pod or its policy; a field without a case does not compile. Fields without results are
 * honoured by objects around the pod, which have tests of their own.
 */
const cases: {
  readonly [field in keyof Fields]: readonly [actual: unknown, expected: unknown][];
} = {
  image: [[container.image, "image:1"]],
  command: [
    [
      container.command,
      ["sh", "-c", 'find /dev/shm -mindepth 1 -delete; unset PWD; exec "$@"', "sh", "run", "it"],
    ],
  ],
  user: [
    [
      pod.securityContext,
      {
        runAsNonRoot: true,
        runAsUser: 1,
        runAsGroup: 2,
        fsGroup: 2,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
    ],
  ],
  env: [[container.env, [{ name: "A", value: "b=c" }]]],
  secrets: [
    [volume("secrets"), { name: "secrets", secret: { secretName: "web-secrets", defaultMode: 0o444 } }],
    [mount("secrets"), { name: "secrets", mountPath: "/run/secrets", readOnly: true }],
  ],
  files: [
    [volume("files"), { name: "files", configMap: { name: "web-files", defaultMode: 0o444 } }],
    [
      mount("files"),
      { name: "files", mountPath: "/etc/app/file.conf", subPath: "etc_app_file.conf", readOnly: true },
    ],
  ],
  volumes: [
    [volume("data"), { name: "data", persistentVolumeClaim: { claimName: "claim" } }],
    [mount("data"), { name: "data", mountPath: "/data" }],
  ],
  // Tested in components/roles.test.ts and kubernetes/prometheusOperator.test.ts.
  labels: [],
  metrics: [],
  hosts: [
    [
      pod.hostAliases,
      [
        { ip: "10.0.0.7", hostnames: ["a.example.com", "c.example.com"] },
        { ip: "10.0.0.8", hostnames: ["b.example.com"] },
      ],
    ],
  ],
  scratch: [
    [volume("tmp"), { name: "tmp", emptyDir: {} }],
    [mount("tmp"), { name: "tmp", mountPath: "/tmp" }],
  ],
  limits: [
    [
      container.resources,
      {
        requests: { cpu: "15m", memory: "512Mi", "ephemeral-storage": "256Mi" },
        limits: { cpu: "1500m", memory: "512Mi", "ephemeral-storage": "10Gi" },
      },
    ],
  ],
  sharedMemory: [
    [volume("runtime"), { name: "runtime", emptyDir: { medium: "Memory", sizeLimit: "128Mi" } }],
    [mount("runtime"), { name: "runtime", mountPath: "/dev/shm" }],
  ],
  reaches: [
    [reachLabels(service), { "reaches/redis": "true" }],
    [
      (edges.egress as unknown[])[1],
      {
        to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "redis" } } }],
        ports: [{ port: 6379, protocol: "TCP" }],
      },
    ],
  ],
  outbound: [
    [(edges.egress as unknown[])[2], { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }] }],
    [(policy("web", { ...service, outbound: false }, around).egress as unknown[]).length, 4],
  ],
  stop: [
    [pod.terminationGracePeriodSeconds, 7],
    [
      container.lifecycle,
      {
        preStop: { exec: { command: ["sh", "-c", "kill -s INT 1; while kill -s 0 1; do sleep 0.2; done"] } },
      },
    ],
  ],
  healthy: [
    [
      container.startupProbe,
      {
        exec: { command: ["sh", "-c", startup, "sh", "check"] },
        periodSeconds: 1,
        timeoutSeconds: 86400,
        failureThreshold: 1,
      },
    ],
    [
      container.livenessProbe,
      {
        exec: { command: ["sh", "-c", liveness, "sh", "check"] },
        periodSeconds: 1,
        timeoutSeconds: 130,
        failureThreshold: 2,
      },
    ],
    [container.readinessProbe, { exec, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 1 }],
  ],
  port: [
    [container.ports, [{ containerPort: 80, name: "main" }]],
    [
      edges.ingress,
      [
        {
          from: [{ podSelector: { matchLabels: { "reaches/web": "true" } } }],
          ports: [{ port: 80, protocol: "TCP" }],
        },
      ],
    ],
  ],
  priority: [[pod.priorityClassName, "stack-tasks"]],
  nodes: [
    [pod.nodeSelector, { disk: "ssd" }],
    [(pod.tolerations as unknown[])[0], { key: "gpu", effect: "NoSchedule", operator: "Exists" }],
  ],
  runsTasks: [
    [
      (edges.egress as unknown[]).slice(3),
      [
        { to: [{ ipBlock: { cidr: "10.0.0.4/32" } }], ports: [{ port: 6443, protocol: "TCP" }] },
        { to: [{ ipBlock: { cidr: "10.1.0.0/16" } }], ports: [{ port: 443, protocol: "TCP" }] },
      ],
    ],
    [(policy("web", { ...service, runsTasks: false }, around).egress as unknown[]).length, 3],
  ],
  // Annotations are tested in kubernetes/access.test.ts.
  pod: [
    [pod.affinity, { nodeAffinity: { preferred: [] } }],
    [pod.initContainers, [{ name: "proxy", image: "proxy:1", restartPolicy: "Always" }]],
    [volume("sockets"), { name: "sockets", emptyDir: {} }],
    [mount("sockets"), { name: "sockets", mountPath: "/sockets" }],
  ],
  // No node publishes a port of a pod.
  loopbackPort: [[container.ports, [{ containerPort: 80, name: "main" }]]],
  // Tested below and in kubernetes/keda.test.ts.
  replicas: [],
  autoscale: [],
  stateful: [],
};

function volume(name: string): unknown {
  return (pod.volumes as Plain[]).find((each) => each.name === name);
}

function mount(name: string): unknown {
  return (container.volumeMounts as Plain[]).find((each) => each.name === name);
}

for (const [field, pairs] of Object.entries(cases).filter(([, results]) => results.length > 0)) {
  test(`a pod honours ${field}`, () => {
    for (const [actual, expected] of pairs) assert.deepEqual(actual, expected);
  });
}

test("a container may write to its mounts alone, and gains no rights", () => {
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 1,
    runAsGroup: 2,
  });
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.enableServiceLinks, false);
});

test("a pod behind a Service stops 5 s later, so that clients stop using it first", () => {
  const stop = { signal: "SIGTERM", graceSeconds: 30 } as const;
  const drained: Plain = { ...servicePod("web", { ...service, stateful: false, stop }, args) };
  assert.equal(drained.terminationGracePeriodSeconds, 35);
  const [{ lifecycle } = { lifecycle: undefined }] = drained.containers as Plain[];
  assert.deepEqual(lifecycle, { preStop: { sleep: { seconds: 5 } } });
});

test("a pod refuses directories of this machine and of a node", () => {
  const volumes = { "/dags": { kind: "directory", path: "/host" } } as const;
  assert.throws(
    () => jobPod("once", { ...service, volumes }, args),
    /\/dags is \/host, a directory of this machine; expected a volume/,
  );
  const ofNode = { "/models": { kind: "host", path: "/srv" } } as const;
  assert.throws(
    () => jobPod("once", { ...service, volumes: ofNode }, args),
    /\/models is \/srv, a directory of a node; expected a volume/,
  );
});

test("the pod of a job is never restarted", () => {
  const once: Plain = { ...jobPod("once", service, args) };
  assert.equal(once.restartPolicy, "Never");
  assert.equal(once.terminationGracePeriodSeconds, 7);
});

/** Roles whose instances are interchangeable: the triggerer's names lead to its logs. */
const deployments = runningRoles.filter((role) => role !== "triggerer");

test("a stack in a cluster declares exactly the expected objects", async () => {
  const names = [...(await declared({ schedulers: 2 })).keys()].filter(
    (name) => !name.startsWith("airflow:"),
  );
  const of = (kind: string) =>
    names.filter((name) => name.startsWith(`${kind} `)).map((name) => name.split(" ")[1]);
  assert.deepEqual(of("StatefulSet").sort(), ["postgres", "redis", "triggerer", "worker"]);
  assert.deepEqual(of("Deployment").sort(), deployments);
  assert.deepEqual(of("Job"), ["migration"]);
  const listening = rolesWhere(({ port }) => port !== undefined);
  assert.deepEqual(of("Service").sort(), [...listening, "postgres", "redis"].sort());
  assert.deepEqual(of("PersistentVolumeClaim").sort(), ["data", "logs", "postgres-data", "redis-data"]);
  assert.deepEqual(of("PodDisruptionBudget").sort(), ["scheduler", "worker"]);
  const policies = ["deny-all", ...controlRoles, "postgres", "redis", "worker"];
  assert.deepEqual(of("NetworkPolicy").sort(), policies.sort());
  assert.deepEqual([of("PriorityClass"), of("Role"), of("RoleBinding"), of("HTTPRoute")], [[], [], [], []]);
  assert.deepEqual(of("Ingress"), []);
});

test("instances of a StatefulSet are numbered from 1", async () => {
  const spec = specOf(await declared({ workers: 3 }), "StatefulSet worker");
  assert.equal(spec.replicas, 3);
  assert.deepEqual(spec.ordinals, { start: 1 });
  assert.equal(spec.podManagementPolicy, "Parallel");
});

test("a StatefulSet without data gets a headless Service, and one with data an address", async () => {
  const objects = await declared({});
  assert.equal(specOf(objects, "Service worker").clusterIP, "None");
  assert.equal(specOf(objects, "Service redis").clusterIP, undefined);
});

test("Deployments are updated without a gap", async () => {
  const strategy = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
  const specs = Object.entries(specsOf(await declared({ webservers: 2 }), "Deployment"));
  assert.deepEqual(
    Object.fromEntries(specs.map(([name, spec]) => [name, spec.strategy])),
    Object.fromEntries(deployments.map((name) => [name, strategy])),
  );
});

test("pods of a workload are spread over nodes, not counting pods of an old version", async () => {
  for (const [name, kind, pod] of podsOf(await declared({}))) {
    const spread = {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { "app.kubernetes.io/name": name } },
      ...(kind === "Deployment" && { matchLabelKeys: ["pod-template-hash"] }),
    };
    assert.deepEqual(pod.topologySpreadConstraints, kind === "Job" ? undefined : [spread], name);
  }
});

test("one pod at a time of a workload with several may be evicted", async () => {
  const budget = (name: string) => ({
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: "AlwaysAllow",
    selector: { matchLabels: { "app.kubernetes.io/name": name } },
  });
  const several = { schedulers: 2, webservers: 2, triggerers: 2, workers: 2 };
  assert.deepEqual(specsOf(await declared(several), "PodDisruptionBudget"), {
    scheduler: budget("scheduler"),
    triggerer: budget("triggerer"),
    webserver: budget("webserver"),
    worker: budget("worker"),
  });
  assert.deepEqual(specsOf(await declared({ workers: 1 }), "PodDisruptionBudget"), {});
});

test("volume claims have the stack's storage classes and sizes", async () => {
  const sizes = { postgres: "1Gi", redis: "2Gi", logs: "3Gi", data: "4Gi" };
  const claims = async (classes: Plain) =>
    specsOf(await declared({ kubernetes: { storage: { ...sizes, ...classes } } }), "PersistentVolumeClaim");
  const claim = (mode: string, storage: string, storageClass: Plain) => ({
    accessModes: [mode],
    resources: { requests: { storage } },
    ...storageClass,
  });
  const expected = (own: Plain, shared: Plain) => ({
    "postgres-data": claim("ReadWriteOnce", "1Gi", own),
    "redis-data": claim("ReadWriteOnce", "2Gi", own),
    logs: claim("ReadWriteMany", "3Gi", shared),
    data: claim("ReadWriteMany", "4Gi", shared),
  });
  assert.deepEqual(
    await claims({ class: "fast", sharedClass: "shared" }),
    expected({ storageClassName: "fast" }, { storageClassName: "shared" }),
  );
  assert.deepEqual(await claims({}), expected({}, {}));
});

test("remote logs need no volume, and are read by the webserver itself", async () => {
  const settings = { Logging: { Remote_Logging: 1, remote_base_log_folder: "s3://logs" } };
  const reached = async (config: Plain) =>
    JSON.stringify(specOf(await declared(config), "NetworkPolicy webserver").egress);
  assert.match(await reached({ settings }), /"ipBlock":\{"cidr":"0\.0\.0\.0\/0"/);
  assert.doesNotMatch(await reached({}), /"cidr":"0\.0\.0\.0/);
  const claims = Object.keys(specsOf(await declared({ settings }), "PersistentVolumeClaim"));
  assert.deepEqual(claims.sort(), ["data", "postgres-data", "redis-data"]);
});

test("every role of Airflow 2 may write logs, which each of its commands does; Flower of Airflow 3 has no folder for them", async () => {
  const writers = async (config: Plain) => {
    const mounts = (pod: Plain) => (pod.containers as { volumeMounts: { mountPath: string }[] }[])[0];
    return podsOf(await declared(config))
      .filter(([, , pod]) =>
        mounts(pod)?.volumeMounts.some(({ mountPath }) => mountPath === "/opt/airflow/logs"),
      )
      .map(([name]) => name);
  };
  const two = { version: "2.11.2", dagsGit: undefined, dagsImage: "r/dags" };
  const roles = ["migration", "scheduler", "triggerer", "webserver", "worker"];
  assert.deepEqual((await writers(two)).sort(), ["flower", ...roles]);
  assert.deepEqual((await writers({})).sort(), ["dag-processor", ...roles].sort());
});

test("all pods pull images with the stack's pull Secrets", async () => {
  const objects = await declared({ kubernetes: { pullSecrets: ["registry", "other"] } });
  const [account = {}] = [...allOf(objects, "ServiceAccount").values()];
  assert.deepEqual(account.imagePullSecrets, [{ name: "registry" }, { name: "other" }]);
  for (const [name, , pod] of podsOf(objects)) {
    assert.equal(pod.serviceAccountName, (account.metadata as Plain).name, name);
  }
});

test("Pulumi names ConfigMaps and Secrets, so that a change makes a new object", async () => {
  const objects = await declared({});
  for (const kind of ["ConfigMap", "Secret"]) {
    const metadata = [...allOf(objects, kind).values()].map((inputs) => inputs.metadata as Plain);
    assert.notEqual(metadata.length, 0);
    assert.deepEqual([...new Set(metadata.map(({ name }) => name))], [undefined], kind);
  }
});

test("only Secrets contain secrets", async () => {
  for (const [name, inputs] of await declared({})) {
    if (name.startsWith("Secret ")) assert.match(JSON.stringify(inputs.stringData), /minted-/, name);
    else if (!name.startsWith("Resource ")) assert.doesNotMatch(JSON.stringify(inputs), /minted-/, name);
  }
});

test("a job's name depends on its content alone", async () => {
  const jobOf = async (config: Plain) => (await declared(config)).get("Job migration")?.metadata as Plain;
  const first = await jobOf({});
  assert.match(String(first.name), /^migration-[0-9a-f]{10}$/);
  assert.equal((await jobOf({})).name, first.name);
  assert.notEqual((await jobOf({ images: { ...cluster.images, airflow: "r/airflow:2" } })).name, first.name);
});

test("a job that has not succeeded runs again at the next deployment", async () => {
  const jobs = [...allOf(await declared({}), "Job")];
  assert.notEqual(jobs.length, 0);
  for (const [name, { metadata }] of jobs) {
    const { annotations } = metadata as { annotations: Plain };
    assert.equal(annotations["pulumi.com/replaceUnready"], "true", name);
  }
});
