import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { localImage } from "../../../images/local.ts";
import { scaleDown } from "../../../platforms/kubernetes/operators/keda.ts";
import { oldestKubernetes } from "../../../settings/schema/versions.ts";
import { ensureImages } from "../../../tools/images.ts";
import { allowedInside } from "../../parity/allowed.ts";
import { idlePod, Namespace, type Plain, type Pod } from "../../parity/cluster.ts";
import { containerHealth, containerStop } from "../../parity/container.ts";
import { define, undefine } from "../../parity/definitions.ts";
import { type Facts, Ledger } from "../../parity/facts.ts";
import { inside, type Paths } from "../../parity/inside.ts";
import { Outside } from "../../parity/outside.ts";
import { listenStrangely, ownTargets, picture, targetsOf } from "../../parity/picture.ts";
import { type Container, podHealth, podStop } from "../../parity/pod.ts";
import { measured, opened, table } from "../../parity/reach.ts";
import { collectedSeries, expectedSeries } from "../../parity/series.ts";
import { addStrangers } from "../../parity/strangers.ts";
import { uploaded } from "../../parity/uploaded.ts";
import { runningRoles } from "../../roleNames.ts";
import { canaries } from "../lib/canaries.ts";
import { type Config, TestStack } from "../lib/harness.ts";
import { docker } from "../targets/docker.ts";
import { kubectl, lab, onKubernetes } from "../targets/kubernetes.ts";

const engine = new TestStack("livetest-parity", 18160);
const cluster = new TestStack("livetest-parity", 18165, onKubernetes);
const stack = new Namespace(cluster.prefix);
const elsewhere = new Namespace(`${stack.name}-elsewhere`);
const controllers = new Namespace(`${stack.name}-ingress`);

const outside = new Outside(18169);

const group = { name: "extra", queues: ["extra"], concurrency: 1 };
const config = {
  workers: 1,
  workerConcurrency: 2,
  workerMemory: 1024,
  workerCpu: 1,
  monitoring: { retention: "1d" },
  monitoringPort: 18168,
};
const ingress = {
  class: "parity",
  namespace: controllers.name,
  webserver: "airflow.example.com",
  flower: "flower.example.com",
  tlsSecret: "airflow-tls",
};

const roles = [
  ...runningRoles,
  "exporter",
  "monitoring",
  "postgres",
  "redis",
  "worker",
  "worker-extra",
].sort();

let clustered: Config = { ...config, kubernetes: { ingress, egress: outside.egress } };
let deployOutput = "";

before(async () => {
  const workerGroups = [{ ...group, workers: 1 }];
  await ensureImages(["monitoring"]);
  const [{ image }, { images }] = await Promise.all([lab(), onKubernetes.config(cluster.prefix)]);
  // An interrupted run may have left the definitions, whose absence is tested.
  await undefine();
  const monitoring = await image(localImage("monitoring"));
  clustered = { ...clustered, images: { ...Object(images), monitoring } };
  const [, kubernetes] = await Promise.all([
    engine.up({ ...config, workerGroups }),
    cluster.up({ ...clustered, workerGroups }),
  ]);
  deployOutput = kubernetes;
});

after(async () => {
  await outside.close();
  await Promise.all([
    engine.discard(),
    // Also removes the namespaces whose names start with its own.
    cluster.discard().then(undefine),
  ]);
});

/** Lists the directories in which a pod may write, and its files. */
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

/** Finds the first instance of a role. */
const instanceOf = (role: string) => (role.startsWith("worker") ? `${role}-1` : role);

test("a container and its pod are the same from inside", async (t) => {
  const [own, theirs, pods, uploads] = await Promise.all([
    canaries(engine),
    canaries(cluster),
    stack.pods(),
    uploaded(engine.stack),
  ]);
  assert.deepEqual([...pods.keys()].sort(), roles);
  const ledger = new Ledger(allowedInside);
  const unexplained = [...pods].map(async ([role, pod]) => {
    const container = containerOf(pod);
    const instance = instanceOf(role);
    const { files, directories } = paths(container);
    const seenPaths = { directories, files: [...new Set([...files, ...(uploads.get(instance) ?? [])])] };
    const [onEngine, onCluster] = await Promise.all([
      inside((...command) => engine.exec(instance, ...command), seenPaths, own),
      inside(stack.exec(pod.metadata.name), seenPaths, theirs),
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

/** Lists the paths that differ from the image, without their parents. */
async function written(instance: string): Promise<string[]> {
  const lines = (await docker("diff", `${engine.prefix}-${instance}`))
    .split("\n")
    .filter((line) => line !== "");
  const paths = lines.map((line) => line.slice(2));
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
}

test("containers write only where their pods may write, too", async () => {
  const strange = [...(await stack.pods())].map(async ([role, pod]) => {
    const { directories, files } = paths(containerOf(pod));
    // In some images /var/run leads to one of these; the init is the engine's.
    const own = [...directories, ...files, "/run/secrets", "/run/postgresql", "/usr/sbin/docker-init"];
    const others = (await written(instanceOf(role))).filter(
      (path) =>
        !own.some((one) => path === one || path.startsWith(`${one}/`)) &&
        // Bytecode of a delivered module: Python does without if it cannot write it.
        !path.includes("/__pycache__"),
    );
    return others.map((path) => `${role}: ${path}`);
  });
  assert.deepEqual((await Promise.all(strange)).flat(), []);
});

test("every pod is admitted where the restricted level is enforced", async () => {
  const { metadata } = JSON.parse(await kubectl("get", "namespace", stack.name, "--output", "json"));
  const versions = { enforce: `v${oldestKubernetes}`, audit: "latest", warn: "latest" };
  for (const [mode, version] of Object.entries(versions)) {
    assert.equal(metadata.labels[`pod-security.kubernetes.io/${mode}`], "restricted");
    assert.equal(metadata.labels[`pod-security.kubernetes.io/${mode}-version`], version);
  }
  assert.doesNotMatch(deployOutput, /PodSecurity/);
  const events = await stack.list<{ message: string }>("events");
  assert.notEqual(events.length, 0);
  for (const { message } of events) assert.doesNotMatch(message, /PodSecurity/);
  const { image } = await lab();
  const privileged = idlePod("privileged", await image(localImage("redis")), {}, true);
  await assert.rejects(
    stack.apply(cluster.folder, [privileged], "--dry-run=server"),
    new RegExp(`violates PodSecurity "restricted:v${oldestKubernetes}": privileged`),
  );
});

test("roles reach the targets in the architecture's diagram, and nothing else", async (t) => {
  const [pods, { image }] = await Promise.all([stack.pods(), lab()]);
  await Promise.all([outside.open(), listenStrangely(stack, pods)]);
  t.after(() => stack.kubectl("delete", "pod", "migration", "a-stranger", "--ignore-not-found"));
  const { folder } = cluster;
  const redis = await image(localImage("redis"));
  const others = await addStrangers({ stack, elsewhere, controllers, image: redis, folder });
  const members = [...pods].map(([role, pod]) => [role, stack.exec(pod.metadata.name)] as const);
  const matrix = await measured(new Map([...members, ...others]), await targetsOf(stack, pods, outside));
  for (const line of table(matrix)) t.diagnostic(line);

  const expected = Object.entries(picture).map(([source, reached]) => {
    // Each source reaches itself, which shows that its listener works.
    return [source, [...reached, ...ownTargets(source)].sort()];
  });
  assert.deepEqual(opened(matrix), Object.fromEntries(expected));
});

test("the same series on an engine and in a cluster", async () => {
  const { metadata } = (await stack.pods()).get("monitoring") ?? assert.fail("there is no monitoring");
  const onEngine = (...command: string[]) => engine.exec("monitoring", ...command);
  assert.deepEqual(await collectedSeries("on an engine", onEngine), expectedSeries);
  assert.deepEqual(await collectedSeries("in a cluster", stack.exec(metadata.name)), expectedSeries);
});

test("an ingress leads to the webserver and to Flower", async () => {
  const found = await stack.list<{ metadata: { name: string }; spec: Plain }>("ingresses");
  const expected = (["webserver", "flower"] as const).map((name) => {
    const backend = { service: { name, port: { name: "main" } } };
    return [
      name,
      {
        ingressClassName: "parity",
        tls: [{ hosts: [ingress.webserver, ingress.flower], secretName: "airflow-tls" }],
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
  const [, diagnostics = error] = error.split("Diagnostics:");
  for (const line of diagnostics.split("\n").slice(0, 8)) t.diagnostic(line);
  assert.match(
    diagnostics,
    /worker-extra-needs-KEDA-in-the-cluster(-with-triggerauthentications)?\):\s+error: resource '[\w.]+' does not exist/,
  );
  // Objects that only work with KEDA are not created.
  assert.equal(await stack.kubectl("get", "poddisruptionbudgets", "--output", "name"), "");
  assert.match(
    await stack.kubectl("get", "statefulset", "worker-extra", "--output", "yaml"),
    /^ {2}replicas: 1$/m,
  );

  await define(cluster.folder);
  const prometheusOperator = { namespace: controllers.name, labels: { release: "main" } };
  await cluster.up({ ...autoscaled, kubernetes: { ...Object(clustered.kubernetes), prometheusOperator } });
  const [monitor] = await stack.list<{ metadata: { labels: Plain }; spec: Plain }>("servicemonitors");
  assert.equal(monitor?.metadata.labels.release, "main");
  const [rules] = await stack.list<{ spec: { groups: { rules: Plain[] }[] } }>("prometheusrules");
  assert.match(String(rules?.spec.groups[0]?.rules[0]?.expr), new RegExp(`namespace="${stack.name}"`));
  const scaled = await stack.get<{ spec: Plain }>("scaledobject", "worker-extra");
  assert.deepEqual(scaled.spec, {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name: "worker-extra" },
    minReplicaCount: 0,
    maxReplicaCount: 2,
    pollingInterval: 10,
    cooldownPeriod: 300,
    advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown } } },
    triggers: [
      {
        type: "postgresql",
        metadata: {
          query:
            "SELECT count(*) FROM task_instance " +
            "WHERE state IN ('queued', 'running', 'restarting') AND queue IN ('extra')",
          targetQueryValue: "1",
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
    ["connection", "host", "userName", "dbName"].map((key) => {
      return { parameter: key, name: "worker-extra-keda", key };
    }),
  );
  const decoded = (key: string) => Buffer.from(secret.data[key] ?? "", "base64").toString();
  const { metadataPassword } = await canaries(cluster);
  assert.equal(new URL(decoded("connection")).password, metadataPassword);
  assert.equal(decoded("host"), `postgres.${stack.name}.svc`);
  // The stack no longer sets the number of workers, but nothing happens to them until KEDA does.
  const pod = (await stack.pods()).get("worker-extra");
  assert.equal(pod?.status.podIP, before?.status.podIP);
});
