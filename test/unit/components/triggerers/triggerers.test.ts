import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { needsOf } from "../../../../platforms/docker/needs.ts";
import { connectionBudget } from "../../../../settings/model/connections.ts";
import { run } from "../../../../tools/lib/process.ts";
import { cluster } from "../../cluster.ts";
import { containersOf, declare } from "../../mocks.ts";
import { allOf, declared, specOf } from "../../platforms/kubernetes/objects.ts";
import { type Program, programsOf } from "../../programs.ts";
import { type Config, settingsFor } from "../../settingsFrom.ts";

const gpu = { name: "gpu", queues: ["gpu", "big"], triggerers: 2 };
const io = { name: "io", queues: ["io"] };
const both = { workers: 1, workerGroups: [gpu, io] };

const enabled = "AIRFLOW__TRIGGERER__QUEUES_ENABLED";
const callable = "AIRFLOW__CORE__HOSTNAME_CALLABLE";
/** Constant of the list, in a module that is text in a role's `airflow_local_settings.py`. */
const list = /SERVED = (\[.*\])\\n/;

async function programs(config: Config): Promise<Map<string, Program>> {
  return new Map(programsOf(await declare(config)).map((program) => [program.name, program]));
}

function of<T>(all: ReadonlyMap<string, T>, name: string): T {
  return all.get(name) ?? assert.fail(`there is no ${name}`);
}

/** Names of the programs that pass a test. */
function those(all: ReadonlyMap<string, Program>, is: (program: Program) => boolean): string[] {
  return [...all.values()].filter(is).map(({ name }) => name);
}

/** Queues of groups' triggerers that the stack's own know. */
async function known(config: Config): Promise<unknown> {
  const { uploads } = of(containersOf(await declare(config)), "triggerer");
  for (const { content } of uploads as { content: string }[]) {
    const [, served] = list.exec(content) ?? [];
    if (served) return JSON.parse(served.replaceAll('\\"', '"'));
  }
  return undefined;
}

test("triggers of queues that no triggerer reads are run by the stack's triggerers", async () => {
  await run("python3", ["test/unit/components/triggerers/stranded.py"]);
});

for (const [platform, more, names, hosts] of [
  ["an engine", {}, ["triggerer-gpu-1", "triggerer-gpu-2"], ["worker-gpu-1"]],
  ["a cluster", cluster, ["triggerer-gpu"], ["worker-gpu"]],
] as const) {
  test(`on ${platform} a group's triggerers read its queues, which its workers alone give to triggers`, async () => {
    const all = await programs({ ...more, ...both });
    assert.deepEqual(those(all, ({ env }) => env[enabled] === "True").sort(), [...names, ...hosts].sort());
    assert.deepEqual(those(all, ({ command }) => command.includes("triggerer")).sort(), [
      "triggerer",
      ...names,
    ]);
    const words = (name: string) => of(all, name).command.slice(-2);
    assert.deepEqual(words(names[0]), ["triggerer", "--queues=gpu,big"]);
    assert.deepEqual(words("triggerer"), ["/opt/airflow/start.py", "triggerer"]);
    // On one engine, and in a cluster, the webserver reaches each instance by its own name.
    assert.deepEqual(
      those(all, ({ env }) => callable in env),
      [],
    );
  });
}

test("the stack's triggerers know the queues that groups' triggerers read, also if there are none; those of Airflow 2 do not", async () => {
  const more = { name: "more", queues: ["gpu", "a"], triggerers: 1 };
  assert.deepEqual(await known({ ...both, workerGroups: [gpu, io, more] }), ["a", "big", "gpu"]);
  assert.deepEqual(await known({}), []);
  assert.equal(await known({ version: "2.11.2" }), undefined);
  const all = await programs({ ...both, version: "3.3.2" });
  assert.deepEqual(
    those(all, ({ given }) => given.includes("SERVED = ")),
    ["triggerer"],
  );
});

test("a group with triggerers of its own changes nothing but its workers and the stack's triggerers", async () => {
  const without = containersOf(
    await declare({ ...both, workerGroups: [{ ...gpu, triggerers: undefined }, io] }),
  );
  const added = containersOf(await declare(both));
  const changed = [...added].filter(
    ([name, inputs]) => JSON.stringify(inputs) !== JSON.stringify(without.get(name)),
  );
  assert.deepEqual(
    changed.map(([name]) => name),
    ["triggerer", "triggerer-gpu-1", "triggerer-gpu-2", "worker-gpu-1"],
  );
});

test("additions to the role triggerer are those of groups' triggerers, too", async () => {
  const roles = { triggerer: { memory: 2000, env: { TZ: "UTC" } } };
  const all = containersOf(await declare({ ...both, roles }));
  for (const name of ["triggerer", "triggerer-gpu-1"]) {
    const { memory, envs } = of(all, name);
    assert.equal(memory, 2000, name);
    assert.ok((envs as string[]).includes("TZ=UTC"), name);
  }
});

const one = { name: "one", docker: "unix:///run/docker.sock", address: "10.0.0.1", workers: 1 };
const two = { name: "two", docker: "ssh://two", address: "10.0.0.2", workers: { gpu: 1 } };
const three = { name: "three", docker: "ssh://three", address: "10.0.0.3", workers: { gpu: 2 } };
const fleet = {
  machines: [one, two, three],
  workerGroups: [gpu, { ...io, machine: "three", triggerers: 1 }],
};

test("on machines a group's triggerers are beside its workers, on the first machine that has some, and the gateways lead there", async () => {
  const all = await declare(fleet);
  const homes = all
    .filter(({ name, type }) => name.startsWith("triggerer") && type.endsWith(":Container"))
    .map(({ name, provider }) => [name, provider?.split("::").at(-2)]);
  assert.deepEqual(homes, [
    ["triggerer", "docker"],
    ["triggerer-gpu-1", "docker-two"],
    ["triggerer-gpu-2", "docker-two"],
    ["triggerer-io-1", "docker-three"],
  ]);
  const { networksAdvanced } = of(containersOf(all), "gateway");
  const [{ aliases } = assert.fail()] = networksAdvanced as { aliases: string[] }[];
  assert.deepEqual(
    aliases.filter((alias) => alias.startsWith("triggerer")),
    ["triggerer-gpu", "triggerer-io"],
  );
  const asked = those(await programs(fleet), ({ env }) => callable in env);
  assert.deepEqual(
    asked.filter((name) => name.startsWith("triggerer")),
    ["triggerer-gpu-1", "triggerer-gpu-2", "triggerer-io-1"],
  );
  const enabledWorkers = those(await programs(fleet), ({ env }) => enabled in env);
  assert.deepEqual(
    enabledWorkers.filter((name) => name.startsWith("worker")),
    ["worker-gpu-two-1", "worker-gpu-three-1", "worker-gpu-three-2", "worker-io-1"],
  );
});

test("each machine needs memory for the triggerers of its groups", () => {
  const needs = needsOf(settingsFor(fleet)).map(({ memory }) => memory);
  assert.deepEqual(needs, [2560 + 2048, 2048 + 2 * 512, 3 * 2048 + 512]);
});

test("in a cluster a group's triggerers are on its nodes, and the webserver reaches their logs", async () => {
  const place = {
    nodeLabels: { gpu: "true" },
    tolerations: [{ key: "gpu", effect: "NoSchedule" }],
  };
  const objects = await declared({ workerGroups: [{ ...gpu, ...place }] });
  const { replicas, serviceName, ordinals, template } = specOf(objects, "StatefulSet triggerer-gpu");
  assert.deepEqual([replicas, serviceName, ordinals], [2, "triggerer-gpu", { start: 1 }]);
  const { spec } = template as { spec: Record<string, unknown> };
  assert.deepEqual(spec.nodeSelector, place.nodeLabels);
  const [toleration] = spec.tolerations as object[];
  assert.deepEqual(toleration, { key: "gpu", operator: "Exists", effect: "NoSchedule" });
  assert.ok(allOf(objects, "Service").has("triggerer-gpu"));
  const port = [{ port: 8794, protocol: "TCP" }];
  const [selected, reaches] = [
    { "app.kubernetes.io/name": "triggerer-gpu" },
    { "reaches/triggerer-gpu": "true" },
  ];
  const { egress } = specOf(objects, "NetworkPolicy webserver");
  const to = [{ podSelector: { matchLabels: selected } }];
  assert.ok((egress as object[]).some((one) => isDeepStrictEqual(one, { to, ports: port })));
  const { ingress } = specOf(objects, "NetworkPolicy triggerer-gpu");
  assert.deepEqual(ingress, [{ from: [{ podSelector: { matchLabels: reaches } }], ports: port }]);
});

test("a webserver that reads remote logs reaches each of several triggerers without the proxy", async () => {
  const settings = { logging: { remote_logging: true, remote_base_log_folder: "s3://logs" } };
  const proxy = { http: "http://proxy.test:3128" };
  const { env } = of(await programs({ ...both, settings, proxy, triggerers: 2 }), "webserver");
  assert.deepEqual(
    env.NO_PROXY?.split(",").filter((name) => name.startsWith("triggerer")),
    ["triggerer", "triggerer-1", "triggerer-2", "triggerer-gpu", "triggerer-gpu-1", "triggerer-gpu-2"],
  );
});

test("the connection budget counts a group's triggerers once, also if machines count its workers", () => {
  const budget = (config: Config) => connectionBudget(settingsFor(config));
  const without = {
    ...fleet,
    workerGroups: fleet.workerGroups.map((group) => ({ ...group, triggerers: undefined })),
  };
  assert.equal(budget(fleet) - budget(without), 3 * 5);
});
