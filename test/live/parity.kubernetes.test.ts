import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import { localImage } from "../../images/local.ts";
import { idlePod, Namespace, type Plain, type Pod } from "../parity/cluster.ts";
import { containerHealth, containerStop } from "../parity/container.ts";
import { type Allowance, type Facts, Ledger } from "../parity/facts.ts";
import { inside, type Paths } from "../parity/inside.ts";
import { stub, stubNames } from "../parity/keda.ts";
import { type Container, podHealth, podStop } from "../parity/pod.ts";
import {
  addInterface,
  type Exec,
  measured,
  opened,
  removeInterface,
  type Sources,
  type Targets,
  table,
} from "../parity/reach.ts";
import { canaries } from "./canaries.ts";
import { docker } from "./docker.ts";
import { TestStack } from "./harness.ts";
import { kubectl, lab, onKubernetes } from "./kubernetes.ts";

const engine = new TestStack("livetest-parity", 18160);
const cluster = new TestStack("livetest-parity", 18165, onKubernetes);
const stack = new Namespace(cluster.prefix);
const elsewhere = new Namespace(`${stack.name}-elsewhere`);
const controllers = new Namespace(`${stack.name}-ingress`);

const link = "parity0";
// Of ranges that are for examples: nobody's, anywhere.
const outside = { allowed: "198.51.100.7", excepted: "198.51.100.9", other: "203.0.113.7" };
const outsidePort = 18169;
const servers: Server[] = [];

const group = { name: "extra", queues: ["extra"], concurrency: 1 };
const config = { workers: 1, workerConcurrency: 2, workerMemory: 1024, workerCpu: 1 };
const ingress = {
  class: "parity",
  namespace: controllers.name,
  webserver: "airflow.example.com",
  flower: "flower.example.com",
  tlsSecret: "airflow-tls",
};
const egress = { to: ["198.51.100.0/28"], except: [`${outside.excepted}/32`] };

const roles = [
  "dag-processor",
  "flower",
  "postgres",
  "redis",
  "scheduler",
  "triggerer",
  "webserver",
  "worker",
  "worker-extra",
];

const clustered = { ...config, kubernetes: { ingress, egress } };
let said = "";

before(async () => {
  const workerGroups = [{ ...group, workers: 1 }];
  const [, kubernetes] = await Promise.all([
    engine.up({ ...config, workerGroups }),
    cluster.up({ ...clustered, workerGroups }),
  ]);
  said = kubernetes;
});

after(async () => {
  for (const server of servers) server.close();
  await removeInterface(link);
  await Promise.all([
    engine.remove(),
    cluster.remove().then(() => kubectl("delete", "crd", "--ignore-not-found", ...stubNames)),
    kubectl("delete", "namespace", "--ignore-not-found", elsewhere.name, controllers.name),
  ]);
});

function allowance(about: RegExp, docker: RegExp, kubernetes: RegExp, reason: string): Allowance {
  return { about, docker, kubernetes, reason };
}

/** What may differ between a container and its pod. */
const allowed: readonly Allowance[] = [
  allowance(
    /^env HOSTNAME$/,
    /^[a-z-]+$/,
    /^[a-z0-9-]+$/,
    "it is the address that the instance has for itself",
  ),
  allowance(
    /^env KUBERNETES_(SERVICE|PORT)_?/,
    /^\(absent\)$/,
    /^(10\.96\.0\.1|443|tcp|tcp:\/\/10\.96\.0\.1:443)$/,
    "it is the address of the API server, which kubelet tells every pod; policies keep all of them from it",
  ),
  allowance(
    /^env AIRFLOW__API__BASE_URL$/,
    /^\(absent\)$/,
    /^https:\/\/airflow\.example\.com$/,
    "it is the address of the ingress, which an engine does not have",
  ),
  allowance(
    /^(process 1|its child): Groups$/,
    /^999$/,
    /^101 999$/,
    "postgres is in the group ssl-cert in its image: Docker leaves that out when it is given a group, containerd adds it",
  ),
  allowance(
    /^stop: seconds before the signal$/,
    /^0$/,
    /^5$/,
    "until then every node has taken the pod's address off its list",
  ),
];

/** Where a pod may write, and which files it is given. */
function paths({ volumeMounts }: Container): Paths {
  const files = volumeMounts.filter(({ name }) => name === "files").map(({ mountPath }) => mountPath);
  const others = volumeMounts.filter(({ name }) => name !== "files" && name !== "secrets");
  return { files, directories: others.map(({ mountPath }) => mountPath) };
}

function containerOf({ spec }: Pod): Container {
  return spec.containers[0] ?? assert.fail("a pod without a container");
}

async function contract(instance: string): Promise<Facts> {
  const [{ Config, HostConfig }] = JSON.parse(await docker("inspect", `${engine.prefix}-${instance}`));
  const tests: readonly string[] | undefined = Config.Healthcheck?.Test;
  return {
    ...containerHealth(tests),
    ...containerStop(Config.StopSignal, [Config.StopTimeout], tests),
    restarted: HostConfig.RestartPolicy.Name === "unless-stopped" ? "always" : HostConfig.RestartPolicy.Name,
  };
}

function contractOf({ spec }: Pod, container: Container): Facts {
  const restarted = spec.restartPolicy.toLowerCase();
  return { ...podHealth(container), ...podStop(container, spec), restarted };
}

/** The first one. */
const instanceOf = (role: string) => (role.startsWith("worker") ? `${role}-1` : role);

test("a container and its pod are the same from inside", async (t) => {
  const [own, theirs, pods] = await Promise.all([canaries(engine), canaries(cluster), stack.pods()]);
  assert.deepEqual([...pods.keys()].sort(), roles);
  const ledger = new Ledger(allowed);
  const unexplained = [...pods].map(async ([role, pod]) => {
    const container = containerOf(pod);
    const instance = instanceOf(role);
    const where = paths(container);
    const [onEngine, onCluster] = await Promise.all([
      inside((...command) => engine.exec(instance, ...command), where, own),
      inside(stack.exec(pod.metadata.name), where, theirs),
    ]);
    return ledger.compare(
      role,
      { ...onEngine, ...(await contract(instance)) },
      { ...onCluster, ...contractOf(pod, container) },
    );
  });
  assert.deepEqual((await Promise.all(unexplained)).flat(), []);
  for (const line of ledger.lines()) t.diagnostic(line);
  assert.deepEqual(ledger.unused(), [], "allowances that nothing needs");
});

/** What is not as it is in the image, parents of such left out. */
async function written(instance: string): Promise<string[]> {
  const lines = (await docker("diff", `${engine.prefix}-${instance}`))
    .split("\n")
    .filter((line) => line !== "");
  const paths = lines.map((line) => line.slice(2));
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
}

test("what a container writes lies where its pod may write, too", async () => {
  const strange = [...(await stack.pods())].map(async ([role, pod]) => {
    const { directories, files } = paths(containerOf(pod));
    // Some images have /var/run lead there.
    const own = [...directories, ...files, "/run/secrets", "/run/postgresql"];
    const others = (await written(instanceOf(role))).filter(
      (path) =>
        !own.some((one) => path === one || path.startsWith(`${one}/`)) &&
        // Bytecode of a module that was delivered: Python does without where it may not write.
        !path.includes("/__pycache__"),
    );
    return others.map((path) => `${role}: ${path}`);
  });
  assert.deepEqual((await Promise.all(strange)).flat(), []);
});

test("every pod is admitted where the restricted level is enforced", async () => {
  const { metadata } = JSON.parse(await kubectl("get", "namespace", stack.name, "--output", "json"));
  for (const mode of ["enforce", "audit", "warn"]) {
    assert.equal(metadata.labels[`pod-security.kubernetes.io/${mode}`], "restricted");
    assert.equal(metadata.labels[`pod-security.kubernetes.io/${mode}-version`], "latest");
  }
  assert.doesNotMatch(said, /PodSecurity/);
  const events = await stack.list<{ message: string }>("events");
  assert.notEqual(events.length, 0);
  assert.deepEqual(
    events.filter(({ message }) => message.includes("PodSecurity")),
    [],
  );
  const { image } = await lab();
  const privileged = idlePod("privileged", await image(localImage("redis")), {}, true);
  await assert.rejects(
    stack.apply(cluster.folder, [privileged], "--dry-run=server"),
    /violates PodSecurity "restricted:latest": privileged/,
  );
});

/** The ports that roles are reached at; two have none, and are given one. */
const ports: Readonly<Record<string, number>> = {
  redis: 6379,
  postgres: 5432,
  webserver: 8080,
  flower: 5555,
  triggerer: 8794,
  worker: 8793,
  "worker-extra": 8793,
};
const portless = ["scheduler", "dag-processor"];
const strangePort = 9999;

const logs = ["worker", "worker-extra", "triggerer"];
const worker = ["redis", "postgres", "webserver", "outside, allowed"];
const unrestricted = ["outside, allowed", "outside, excepted", "outside, other", "API server"];

/** The picture of the architecture, and nothing but it. */
const picture: Readonly<Record<string, readonly string[]>> = {
  scheduler: ["redis", "postgres"],
  webserver: ["postgres", ...logs],
  "dag-processor": ["postgres"],
  triggerer: ["postgres", "outside, allowed"],
  flower: ["redis"],
  worker,
  "worker-extra": worker,
  redis: [],
  postgres: [],
  migration: ["postgres"],
  "a stranger": [],
  // Nothing holds these back where they are, which shows that whatever they do not reach is closed by the stack.
  "another namespace": unrestricted,
  "an imitation of the scheduler": unrestricted,
  "the ingress controller": ["webserver", "flower", ...unrestricted],
};

async function listen(address: string): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  await new Promise<void>((done) => server.listen(outsidePort, address, done));
}

/** Lets something listen in a pod for as long as the test takes. */
async function listenIn(pod: Pod, port: number): Promise<void> {
  const program = `import socket, time
s = socket.create_server(("", ${port}))
time.sleep(120)`;
  const background = 'python3 -c "$1" > /dev/null 2>&1 &';
  await stack.exec(pod.metadata.name)("sh", "-c", background, "listen", program);
}

async function addressesOf(pods: ReadonlyMap<string, Pod>): Promise<Targets> {
  const services = await stack.list<{ metadata: { name: string }; spec: { clusterIP: string } }>("services");
  const targets = Object.entries(ports).map(([role, port]): [string, string[]] => {
    const service = services.find(({ metadata }) => metadata.name === role)?.spec.clusterIP;
    const own = [pods.get(role)?.status.podIP, ...(service === "None" ? [] : [service])];
    return [role, own.map((address) => `${address}/${port}`)];
  });
  const strange = [...portless, "worker"].map((role): [string, string[]] => [
    `${role}, port ${strangePort}`,
    [`${pods.get(role)?.status.podIP}/${strangePort}`],
  ]);
  return new Map([
    ...targets,
    ...strange,
    ...Object.entries(outside).map(([kind, address]): [string, string[]] => [
      `outside, ${kind}`,
      [`${address}/${outsidePort}`],
    ]),
    ["API server", ["10.88.0.1/6443", "10.96.0.1/443"]],
  ]);
}

/** Pods that are none of the stack's roles, or no longer are. */
async function addStrangers(): Promise<[string, Exec][]> {
  const image = await (await lab()).image(localImage("redis"));
  const [job] = await stack.list<{ spec: { template: { metadata: { labels: Record<string, string> } } } }>(
    "jobs",
  );
  // With those of the job itself, it would be taken for its pod.
  const migration = Object.entries(job?.spec.template.metadata.labels ?? {}).filter(
    ([key]) => key === "app.kubernetes.io/name" || key.startsWith("reaches/"),
  );
  const scheduler = (await stack.pods()).get("scheduler")?.metadata.labels ?? {};
  const all: [string, Namespace, Record<string, string>][] = [
    ["migration", stack, Object.fromEntries(migration)],
    ["a stranger", stack, {}],
    ["another namespace", elsewhere, {}],
    ["an imitation of the scheduler", elsewhere, scheduler],
    ["the ingress controller", controllers, {}],
  ];
  const namespaces = [elsewhere, controllers].map(({ name }) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  await stack.apply(cluster.folder, namespaces);
  const name = (what: string) => what.replaceAll(" ", "-");
  for (const where of [stack, elsewhere, controllers]) {
    const own = all.filter(([, namespace]) => namespace === where);
    await where.apply(
      cluster.folder,
      own.map(([what, , labels]) => idlePod(name(what), image, labels)),
    );
  }
  return Promise.all(
    all.map(async ([what, namespace]): Promise<[string, Exec]> => {
      await namespace.kubectl("wait", "--for=condition=Ready", `pod/${name(what)}`, "--timeout=60s");
      return [what, namespace.exec(name(what))];
    }),
  );
}

test("roles reach what the picture says, and nothing else", async (t) => {
  const pods = await stack.pods();
  await addInterface(link, Object.values(outside));
  await Promise.all(Object.values(outside).map(listen));
  const listening = [...portless, "worker"].map((role) => pods.get(role) ?? assert.fail(role));
  await Promise.all(listening.map((pod) => listenIn(pod, strangePort)));
  t.after(() => stack.kubectl("delete", "pod", "migration", "a-stranger", "--ignore-not-found"));
  const strangers = await addStrangers();
  const members = [...pods].map(([role, pod]) => [role, stack.exec(pod.metadata.name)] as const);
  const sources: Sources = new Map([...members, ...strangers]);
  const targets = await addressesOf(pods);
  const matrix = await measured(sources, targets);
  for (const line of table(matrix)) t.diagnostic(line);

  const found = opened(matrix);
  const selves = (role: string) => [role, `${role}, port ${strangePort}`];
  for (const role of Object.keys(found)) {
    // No policy keeps a pod from itself: that each reaches itself shows that somebody listens there.
    const self = [...targets.keys()].filter((target) => selves(role).includes(target));
    const open = (found[role] ?? []).map((target) => target.replace(/, partly$/, ""));
    for (const target of self) assert.ok(open.includes(target), `nobody listens at ${target}`);
    found[role] = (found[role] ?? []).filter((target) => !self.includes(target.replace(/, partly$/, "")));
  }
  const expected = Object.entries(picture).map(([source, reached]) => [source, [...reached].sort()]);
  assert.deepEqual(found, Object.fromEntries(expected));
});

test("an ingress leads to the webserver and to Flower", async () => {
  const found = await stack.list<{ metadata: { name: string }; spec: Plain }>("ingresses");
  const expected = (["webserver", "flower"] as const).map((name) => {
    const backend = { service: { name, port: { name: "main" } } };
    return [
      name,
      {
        ingressClassName: "parity",
        tls: [{ hosts: [ingress[name]], secretName: "airflow-tls" }],
        rules: [{ host: ingress[name], http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
      },
    ];
  });
  const specs = found.map(({ metadata, spec }) => [metadata.name, spec]);
  assert.deepEqual(Object.fromEntries(specs), Object.fromEntries(expected));
});

test("autoscaled workers need KEDA, and are left to it", async (t) => {
  const autoscaled = { ...clustered, workerGroups: [{ ...group, autoscale: { min: 0, max: 2 } }] };
  const before = (await stack.pods()).get("worker-extra");
  const error = await cluster.up(autoscaled).then(
    () => assert.fail("KEDA was not missed"),
    ({ message }: Error) => message,
  );
  for (const line of error.split("\n").filter((line) => /KEDA|error/.test(line))) t.diagnostic(line.trim());
  assert.match(error, /KEDA/);

  await stack.apply(cluster.folder, stub);
  await kubectl("wait", "--for=condition=Established", ...stubNames.map((name) => `crd/${name}`));
  await cluster.up(autoscaled);
  const scaled = await stack.get<{ spec: Plain }>("scaledobject", "worker-extra");
  assert.deepEqual(scaled.spec, {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name: "worker-extra" },
    minReplicaCount: 0,
    maxReplicaCount: 2,
    pollingInterval: 10,
    cooldownPeriod: 300,
    triggers: [
      {
        type: "redis",
        metadata: {
          address: `redis.${stack.name}.svc:6379`,
          listName: "extra",
          listLength: "1",
          databaseIndex: "0",
        },
        authenticationRef: { name: "worker-extra-keda" },
      },
    ],
  });
  const login = await stack.get<{ spec: { secretTargetRef: Plain[] } }>(
    "triggerauthentication",
    "worker-extra-keda",
  );
  const secret = await stack.get<{ data: Record<string, string> }>("secret", "worker-extra-keda");
  assert.deepEqual(
    login.spec.secretTargetRef,
    ["username", "password"].map((key) => ({ parameter: key, name: "worker-extra-keda", key })),
  );
  const { brokerPassword } = await canaries(cluster);
  assert.equal(Buffer.from(secret.data.password ?? "", "base64").toString(), brokerPassword);
  // Their number is no longer the stack's, but until somebody else sets it nothing happens to them.
  const pod = (await stack.pods()).get("worker-extra");
  assert.equal(pod?.status.podIP, before?.status.podIP);
});
