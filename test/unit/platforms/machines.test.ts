import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { needsOf } from "../../../platforms/docker/needs.ts";
import { cargoFor } from "../../../tools/images.ts";
import { project } from "../../../tools/lib/process.ts";
import { differences, type Facts } from "../../parity/facts.ts";
import { controlRoles } from "../../roleNames.ts";
import { clusterWithImage } from "../cluster.ts";
import { containersOf, type Declared, declare } from "../mocks.ts";
import { settingsFor } from "../settingsFrom.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const one = { name: "one", docker: "unix:///run/docker.sock", address: "10.0.0.1", workers: 1 };
const two = {
  name: "two",
  docker: "ssh://airflow@two",
  address: "10.0.0.2",
  workers: { default: 2, gpu: 1 },
};
const three = { name: "three", docker: "ssh://three", address: "10.0.0.3", roles: ["flower"] };
const workerGroups = [{ name: "gpu", queues: ["gpu"] }];
const stack = { machines: [one, two, three], workerGroups };

interface Network {
  readonly aliases: readonly string[];
}

/** Returns the provider of each resource of a type, which determines the resource's machine. */
function providers(declared: readonly Declared[], type: string): Record<string, string> {
  const found = declared.filter((resource) => resource.type === type);
  return Object.fromEntries(found.map(({ name, provider }) => [name, provider?.split("::").at(-2) ?? ""]));
}

const container = "docker:index/container:Container";

test("each workload is on its machine, and the first machine has all workloads that no machine is given", async () => {
  assert.deepEqual(providers(await declare(stack), container), {
    gateway: "docker",
    "gateway-two": "docker-two",
    "gateway-three": "docker-three",
    redis: "docker",
    postgres: "docker",
    dags: "docker",
    ...Object.fromEntries(controlRoles.map((role) => [role, "docker"])),
    flower: "docker-three",
    "worker-one-1": "docker",
    "dags-two": "docker-two",
    "worker-two-1": "docker-two",
    "worker-two-2": "docker-two",
    "worker-gpu-two-1": "docker-two",
  });
});

test("the provider of each machine has the address of its engine", async () => {
  const declared = await declare(stack);
  const engines = declared
    .filter(({ type }) => type === "pulumi:providers:docker")
    .map(({ name, inputs: { host, certPath } }) => [name, host, certPath]);
  assert.deepEqual(engines, [
    ["docker", "unix:///run/docker.sock", undefined],
    ["docker-two", "ssh://airflow@two", undefined],
    ["docker-three", "ssh://three", undefined],
  ]);
});

test("a machine has the volumes that its containers mount", async () => {
  assert.deepEqual(providers(await declare(stack), "docker:index/volume:Volume"), {
    "redis-data": "docker",
    "postgres-data": "docker",
    dags: "docker",
    logs: "docker",
    data: "docker",
    "dags-two": "docker-two",
    "logs-two": "docker-two",
    "data-two": "docker-two",
  });
});

test("gateways have the names of remote services, and publish one port each at their machine's address", async () => {
  const containers = containersOf(await declare(stack));
  const gateways = ["gateway", "gateway-two", "gateway-three"].map((name) => {
    const { networksAdvanced, ports } = containers.get(name) ?? assert.fail(`there is no ${name}`);
    const [{ aliases } = assert.fail()] = networksAdvanced as Network[];
    return [aliases, ports];
  });
  const port = (ip: string) => [{ internal: 8443, external: 8443, ip }];
  assert.deepEqual(gateways, [
    [["gateway", "worker-gpu-two", "worker-two"], port("10.0.0.1")],
    [["gateway", "postgres", "redis", "webserver"], port("10.0.0.2")],
    [["gateway", "redis"], port("10.0.0.3")],
  ]);
  const published = [...containers].filter(([, { ports }]) => ports).map(([name]) => name);
  assert.deepEqual(published.sort(), ["flower", "gateway", "gateway-three", "gateway-two", "webserver"]);
});

test("scaling a machine changes nothing but its workers", async () => {
  const before = containersOf(await declare(stack));
  const after = containersOf(
    await declare({ ...stack, machines: [one, { ...two, workers: { default: 3, gpu: 0 } }, three] }),
  );
  for (const [name, inputs] of before) {
    if (!after.has(name)) continue;
    // Workers of a group share one weight, which changes without a restart.
    const weight = name.startsWith("worker-two") && { cpuShares: 341 };
    assert.deepEqual(after.get(name), { ...inputs, ...weight }, name);
  }
  assert.deepEqual(
    [...before.keys()].filter((name) => !after.has(name)),
    ["worker-gpu-two-1"],
  );
  assert.deepEqual(
    [...after.keys()].filter((name) => !before.has(name)),
    ["worker-two-3"],
  );
});

test("the webserver asks for logs of a worker, or of one of several triggerers, under the name of the group", async () => {
  const callable = "AIRFLOW__CORE__HOSTNAME_CALLABLE=airflow_on_celery.heartbeat.group_name";
  const askedByGroup = async (config: Parameters<typeof declare>[0]) =>
    [...containersOf(await declare(config))]
      .filter(([, { envs }]) => (envs as string[]).includes(callable))
      .map(([name]) => name);
  assert.deepEqual(await askedByGroup(stack), [
    "worker-one-1",
    "worker-two-1",
    "worker-two-2",
    "worker-gpu-two-1",
  ]);
  assert.deepEqual(await askedByGroup({ machines: [one] }), []);
  const several = (await askedByGroup({ ...stack, triggerers: 2 })).filter((name) => !/^worker/.test(name));
  assert.deepEqual(several, ["triggerer-1", "triggerer-2"]);
});

test("a single machine needs no gateway; the local engine mounts the folder of DAGs, and a remote one gets a copy", async () => {
  const mountOf = async (machine: object) => {
    const containers = containersOf(await declare({ machines: [machine] }));
    assert.equal(containers.has("gateway"), false);
    const { mounts } = containers.get("dag-processor") ?? assert.fail();
    return (mounts as { target: string }[]).find(({ target }) => target === "/opt/airflow/dags");
  };
  const target = "/opt/airflow/dags";
  const source = join(import.meta.dirname, "../../../dags");
  assert.deepEqual(await mountOf(one), { target, type: "bind", source, readOnly: true });
  const delivered = { target, type: "volume", source: "airflow-unit-dags", readOnly: true };
  assert.deepEqual(await mountOf({ ...two, workers: 1 }), delivered);
});

test("a copy of the DAGs has the files that links lead to, and scripts that can be run", async () => {
  const dags = temporaryFolder("dags");
  write(dags, { "a.py": "a", "run.sh": "exit", "team/b.py": "b" });
  chmodSync(join(dags, "run.sh"), 0o755);
  symlinkSync("team", join(dags, "alias"));
  symlinkSync("../a.py", join(dags, "team/c.py"));
  symlinkSync("me@host.1", join(dags, ".#a.py"));
  const { uploads } = containersOf(await declare({ ...stack, dags })).get("dags-two") ?? assert.fail();
  const found = uploads as { file: string; permissions: string }[];
  assert.deepEqual(Object.fromEntries(found.map(({ file, permissions }) => [file, permissions])), {
    "/tmp/delivery/a.py": "0444",
    "/tmp/delivery/alias/b.py": "0444",
    "/tmp/delivery/alias/c.py": "0444",
    "/tmp/delivery/run.sh": "0555",
    "/tmp/delivery/team/b.py": "0444",
    "/tmp/delivery/team/c.py": "0444",
  });
});

test("a file that a link leads to, and the right to run a file, change the tag of the image with DAGs", async () => {
  const dags = temporaryFolder("dags");
  write(dags, { "a.py": "a", "b.py": "b" });
  symlinkSync("a.py", join(dags, "c.py"));
  const tag = async () => {
    const declared = await declare({ ...clusterWithImage, dags });
    return declared.find(({ type }) => type === "docker:index/remoteImage:RemoteImage")?.inputs.name;
  };
  const tags = [await tag()];
  rmSync(join(dags, "c.py"));
  symlinkSync("b.py", join(dags, "c.py"));
  tags.push(await tag());
  chmodSync(join(dags, "b.py"), 0o755);
  tags.push(await tag());
  assert.equal(new Set(tags).size, 3, tags.join(" "));
});

test("changed DAG files are delivered to each machine, and replace no container that reads them", async () => {
  const dags = mkdtempSync(join(tmpdir(), "dags-"));
  const write = (text: string) => writeFileSync(join(dags, "a.py"), text);
  write("1");
  const before = containersOf(await declare({ ...stack, dags }));
  write("2");
  const after = containersOf(await declare({ ...stack, dags }));
  rmSync(dags, { recursive: true });
  const changed = [...after].filter(([name, inputs]) => {
    return JSON.stringify(inputs) !== JSON.stringify(before.get(name));
  });
  assert.deepEqual(
    changed.map(([name]) => name),
    ["dags", "dags-two"],
  );
  const { uploads } = after.get("dags-two") ?? assert.fail();
  assert.deepEqual(
    (uploads as { file: string }[]).map(({ file }) => file),
    ["/tmp/delivery/a.py"],
  );
});

/** Writes files by path, and the folders that they are in. */
function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function deliver(from: string, to: string): void {
  const program = readFileSync(join(project, "platforms/docker/deliver.sh"), "utf8");
  execFileSync("sh", ["-c", program, "deliver", from, to]);
}

/** Delivers to a folder that has other files, and returns what the folder has then, by path. */
function delivered(files: Readonly<Record<string, string>>, before: Readonly<Record<string, string>>) {
  const [from, to] = [temporaryFolder("from"), temporaryFolder("to")];
  write(from, files);
  write(to, before);
  deliver(from, to);
  const found = readdirSync(to, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = found.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(to, path), readFileSync(path, "utf8")]));
}

test("a delivery makes the folder equal, whatever an interrupted one has left there", () => {
  const files = { "a.py": "a", "team/b.py": "b", "team/ends in a space ": "c" };
  const befores = [
    {},
    { ...files, "a.py": "another", "gone/d.py": "d" },
    { ...files, "a.py.delivered": "half-writt", "team/e.py.delivered": "" },
  ];
  for (const before of befores) assert.deepEqual(delivered(files, before), files);
});

test("a delivery makes a file that is there executable", () => {
  const [from, to] = [temporaryFolder("from"), temporaryFolder("to")];
  for (const folder of [from, to]) write(folder, { "run.sh": "exit" });
  chmodSync(join(from, "run.sh"), 0o555);
  deliver(from, to);
  assert.equal(statSync(join(to, "run.sh")).mode & 0o777, 0o555);
});

test("a delivery replaces a file by a folder of its name, and a folder by a file", () => {
  const files = { "a/b.py": "b", c: "c" };
  assert.deepEqual(delivered(files, { a: "a", "c/d.py": "d", "c/e/f.py": "f" }), files);
});

test("each machine needs the memory, images and ports of its own workloads", () => {
  const settings = settingsFor({
    ...stack,
    images: { airflow: "a:1", postgres: "p:1", redis: "r:1", gateway: "g:1" },
  });
  const ports = ({ address, port }: { address: string; port: number }) => `${address}:${port}`;
  const needs = needsOf(settings).map(({ machine, memory, image, ...rest }) => [
    machine.name,
    memory,
    image,
    rest.ports.map(ports),
  ]);
  assert.deepEqual(needs, [
    ["one", 2560 + 2048, "g:1", ["10.0.0.1:8443", "127.0.0.1:8080"]],
    ["two", 3 * 2048, "g:1", ["10.0.0.2:8443"]],
    ["three", 0, "g:1", ["10.0.0.3:8443", "127.0.0.1:5555"]],
  ]);
  assert.deepEqual(
    cargoFor(settings).map(({ images }) => images),
    [
      ["a:1", "p:1", "r:1", "g:1"],
      ["a:1", "g:1"],
      ["a:1", "g:1"],
    ],
  );
});

/** Lists the leaves of a value, by path. */
function leaves(value: unknown, path: readonly string[] = []): [string, string][] {
  const isLeaf = typeof value !== "object" || value === null || Object.keys(value).length === 0;
  if (isLeaf) return [[path.join("."), JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** Returns the inputs of each container, with its provider, and environment variables by name. */
function inputsOf(declared: readonly Declared[]): Map<string, Facts> {
  const home = providers(declared, container);
  const facts = [...containersOf(declared)].map(([name, { envs, ...inputs }]): [string, Facts] => {
    const env = Object.fromEntries((envs as string[]).map((one) => one.split(/=(.*)/s)));
    return [name, Object.fromEntries(leaves({ ...inputs, env, provider: home[name] }))];
  });
  return new Map(facts);
}

test("containers on machines differ from containers on one engine only in names of workers and the delivery of DAG files", async () => {
  const same = { workerGroups, settings: { core: { max_active_tasks_per_dag: 2 } } };
  const engine = inputsOf(await declare({ ...same, workers: 1 }));
  const control = { ...one, workers: undefined };
  const workers = { ...two, workers: { default: 1, gpu: 1 } };
  const fleet = inputsOf(await declare({ ...same, machines: [control, workers, three] }));
  const differing = [...engine].map(([name, facts]) => {
    const counterpart = fleet.get(name.replace(/^(worker.*)-1$/, "$1-two-1")) ?? {};
    const found = differences(facts, counterpart);
    return [name, found.map(({ about, docker, kubernetes }) => `${about}: ${docker} -> ${kubernetes}`)];
  });
  const dags = [
    `mounts.0.source: "${join(project, "dags")}" -> "airflow-unit-dags"`,
    'mounts.0.type: "bind" -> "volume"',
  ];
  const worker = (group: string) => [
    'env.AIRFLOW_ON_ONE_MACHINE: "true" -> (absent)',
    'env.AIRFLOW__CORE__HOSTNAME_CALLABLE: (absent) -> "airflow_on_celery.heartbeat.group_name"',
    `hostname: "${group}-1" -> "${group}-two-1"`,
    ...dags,
    `name: "airflow-unit-${group}-1" -> "airflow-unit-${group}-two-1"`,
    `networksAdvanced.0.aliases.0: "${group}-1" -> "${group}-two-1"`,
    `networksAdvanced.0.aliases.1: "${group}" -> "${group}-two"`,
    'provider: "docker" -> "docker-two"',
  ];
  assert.deepEqual(Object.fromEntries(differing), {
    redis: [],
    postgres: [],
    ...Object.fromEntries(controlRoles.map((role) => [role, dags])),
    flower: ['provider: "docker" -> "docker-three"'],
    "worker-1": worker("worker"),
    "worker-gpu-1": worker("worker-gpu"),
  });
});
