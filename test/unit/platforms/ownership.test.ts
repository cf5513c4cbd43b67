import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { lookFor } from "../../../platforms/look.ts";
import type { DockerMachine } from "../../../platforms/machines.ts";
import { type Claim, type Found, installationLabel } from "../../../platforms/ownership/claims.ts";
import { guestsIn } from "../../../platforms/ownership/guests.ts";
import { stored } from "../../../platforms/ownership/installation.ts";
import {
  absence,
  missingData,
  missingDatabase,
  refusal,
  strangers,
} from "../../../platforms/ownership/judge.ts";
import {
  claimOf,
  type KnownOwnership,
  knownFrom,
  type StateResource,
} from "../../../platforms/ownership/known.ts";
import { leftVolumes, spared } from "../../../tools/lib/spare.ts";
import { marking, type Resource } from "../../../tools/lib/state.ts";
import { cluster } from "../cluster.ts";
import { type Declared, declare } from "../mocks.ts";
import { settingsFor } from "../settingsFrom.ts";
import { withPrograms } from "../standIns.ts";
import { fromState } from "../stored.ts";

const big: DockerMachine = { name: "big", docker: "ssh://airflow@big", address: "10.0.0.11", roles: [] };
const own = "0123456789abcdef";
const other = "fedcba9876543210";

function volume(name: string, installation = "", machine?: DockerMachine): Found {
  return { kind: "volume", name: `airflow-x-${name}`, installation, machine };
}

const known: KnownOwnership = {
  ids: [own],
  names: new Set(["volume airflow-x-logs", "container airflow-x-redis"]),
  volumes: new Set(["volume airflow-x-logs"]),
  databases: new Set(),
  sizes: new Map(),
  hasWorkers: true,
};

const judged: [what: string, found: Found, ours: boolean][] = [
  ["a volume with the installation's label", volume("data", own), true],
  ["a volume with another installation's label", volume("data", other), false],
  ["a volume with another installation's label, whose name is in the state", volume("logs", other), false],
  ["a volume without a label, whose name is in the state", volume("logs"), true],
  ["a volume without a label, whose name is not in the state", volume("data"), false],
  ["a container with the name of a volume", { ...volume("logs"), kind: "container" }, false],
  ["a namespace without a label", { kind: "namespace", name: "airflow-x", installation: "" }, true],
  [
    "a namespace of another installation",
    { kind: "namespace", name: "airflow-x", installation: other },
    false,
  ],
  ["a volume claim without a label", { kind: "claim", name: "logs", installation: "" }, false],
];

for (const [what, found, ours] of judged) {
  test(`${what} ${ours ? "belongs" : "does not belong"} to the stack`, () => {
    assert.deepEqual(strangers([found], known), ours ? [] : [found]);
  });
}

test("the data of a state is missing if none of its volumes is there", () => {
  const logs = ["volume airflow-x-logs"];
  assert.deepEqual(missingData([volume("logs")], known, false), []);
  assert.deepEqual(missingData([volume("other", own)], known, false), logs);
  assert.deepEqual(missingData([{ ...volume("redis"), kind: "container" }], known, false), logs);
  // A colleague's stack of the same name.
  assert.deepEqual(missingData([volume("logs", other)], known, false), logs);
  assert.deepEqual(missingData([volume("logs", other)], known, true), []);
  const volumes = new Set(["claim logs", "claim data"]);
  const namespace: Found = { kind: "namespace", name: "airflow-x", installation: own };
  assert.deepEqual(missingData([namespace], { ...known, volumes }, false), ["claim data", "claim logs"]);
  assert.deepEqual(missingData([], { ...known, volumes: new Set() }, false), []);
});

test("the database of a state is missing if its volume is not there, whatever else is", () => {
  const type = "docker:index/volume:Volume";
  const databases = ["postgres-data", "postgres-data-big"].map((name) => ({
    urn: `${platform}${type}::${name}`,
    type,
    outputs: { name: "airflow-x-postgres-data" },
  }));
  const others = ["my-postgres-data", "postgres-data-2"].map((name) => ({
    urn: `${platform}${type}::${name}`,
    type,
    outputs: { name: `airflow-x-${name}` },
  }));
  const { databases: keys } = knownFrom([...databases, ...others]);
  assert.deepEqual([...keys], ["volume airflow-x-postgres-data"]);
  const withDatabase = { ...known, databases: keys };
  assert.deepEqual(missingDatabase([volume("logs", own)], withDatabase), [...keys]);
  assert.deepEqual(missingDatabase([volume("postgres-data", own, big)], withDatabase), []);
  assert.deepEqual(missingDatabase([], known), []);
});

test("a stack whose database is gone is not deployed, though its other volumes are there", async () => {
  const databases = new Set(["volume airflow-x-postgres-data"]);
  const names = new Set(["volume airflow-x-logs"]);
  const claims = [...databases, ...names].map(
    (key): Claim => ({ kind: "volume", name: key.slice("volume ".length) }),
  );
  const outcome = (config: Readonly<Record<string, unknown>>) =>
    withPrograms(clients, () =>
      lookFor(settingsFor(config), { ...known, names, databases }, "x")(claims).catch(String),
    );
  assert.equal(await outcome({}), `Error: ${absence([...databases], "x")}`);
  assert.deepEqual(
    await outcome({ postgres: { url: "postgresql://a:Hg5wkPq8zR2v@db.example.com/airflow" } }),
    [],
  );
});

test("an object with an adopted id belongs to the stack", () => {
  assert.deepEqual(strangers([volume("data", other)], { ...known, ids: [own, other] }), []);
});

const platform = "urn:pulumi:x::airflow::airflow:index:DockerPlatform$";

const state: StateResource[] = [
  {
    urn: "urn:pulumi:x::airflow::airflow:index:DockerPlatform$pulumi-nodejs:dynamic:Resource::installation",
    type: "pulumi-nodejs:dynamic:Resource",
    outputs: { ids: [own, other], adopted: [] },
  },
  {
    urn: "urn:pulumi:x::airflow::airflow:index:Airflow$pulumi-nodejs:dynamic:Resource::secrets",
    type: "pulumi-nodejs:dynamic:Resource",
    outputs: { values: {} },
  },
  { urn: `${platform}a`, type: "docker:index/volume:Volume", outputs: { name: "airflow-x-logs" } },
  { urn: "b", type: "docker:index/network:Network", outputs: { name: "airflow-x" } },
  { urn: "c", type: "docker:index/container:Container", outputs: { name: "airflow-x-redis" } },
  { urn: "d", type: "kubernetes:core/v1:Namespace", outputs: { metadata: { name: "airflow-x" } } },
  {
    urn: `${platform}e`,
    type: "kubernetes:core/v1:PersistentVolumeClaim",
    outputs: { metadata: { name: "logs" }, spec: { resources: { requests: { storage: "10Gi" } } } },
  },
  { urn: "f", type: "airflow:index:Airflow" },
];

test("the ids and names of an installation are read from its state", () => {
  assert.deepEqual(knownFrom(state), {
    ids: [own, other],
    names: new Set([
      "volume airflow-x-logs",
      "network airflow-x",
      "container airflow-x-redis",
      "namespace airflow-x",
      "claim logs",
    ]),
    volumes: new Set(["volume airflow-x-logs", "claim logs"]),
    databases: new Set(),
    sizes: new Map([["logs", "10Gi"]]),
    hasWorkers: false,
  });
  assert.deepEqual(knownFrom(state.slice(1)).ids, [], "of a state from before there were ids");
  const theirs = state.map((one) => ({ ...one, urn: one.urn.replace(platform, "") }));
  const { names, volumes, sizes } = knownFrom(theirs);
  assert.ok(names.has("volume airflow-x-logs"));
  assert.deepEqual([volumes.size, sizes.size], [0, 0], "of another program's volumes");
});

test("an id is minted once, and adopted objects stay adopted", async () => {
  const { create, diff, update } = fromState(stored);
  const { outs } = await create({ adopted: [] });
  const [id = ""] = outs?.ids ?? [];
  assert.match(id, /^[0-9a-f]{16}$/);
  const held = { ids: [id] };
  assert.deepEqual(await diff?.("installation", held, { adopted: [] }), { changes: false });
  assert.deepEqual(await diff?.("installation", held, { adopted: [other] }), { changes: true });
  const adopting = await update?.("installation", held, { adopted: [other] });
  assert.deepEqual(adopting?.outs, { ids: [id, other] });
  assert.deepEqual(await diff?.("installation", { ids: [id, other] }, { adopted: [] }), { changes: false });
  assert.deepEqual((await create({ adopted: [other] })).outs?.ids[1], other);
});

test("all conflicting objects are reported in one error, with the ways to go on", () => {
  const strange: Found[] = [
    volume("logs", other),
    volume("data", "", big),
    { kind: "network", name: "airflow-x", installation: "" },
    { kind: "container", name: "airflow-x-redis", installation: other, machine: big },
  ];
  assert.equal(
    refusal(strange, "x"),
    [
      "4 name(s) of stack x are taken by resources that this installation did not make; nothing was touched:",
      "  container airflow-x-redis on machine big, of installation fedcba9876543210",
      "  network airflow-x, without an installation's label",
      "  volume airflow-x-data on machine big, without an installation's label",
      "  volume airflow-x-logs, of installation fedcba9876543210",
      "To go on, do one of these:",
      "  - bring its state back: the .state folder or the backend that it was deployed with, which has the passwords of its data",
      "  - bring its secrets back from a backup: npm run restore -- --from ID.tar.age --key FILE --secrets --stack x, then --adopt; docs/backup.md says how to get the file",
      "  - choose another stack name",
      "  - remove the resources in the way: docker --host ssh://airflow@big container rm --force airflow-x-redis; docker network rm airflow-x",
      "  - take the data over: npm run up -- --stack x --adopt, or AIRFLOW_ADOPT=true pulumi up; it keeps its passwords and keys, so airflow:secrets has to give them",
    ].join("\n"),
  );
});

/** Stand-in for the Docker client and kubectl. */
const client = `#!/bin/sh
case $(basename "$0"):$*: in
  docker:container*"{{.Names}} {{.Label \\"${installationLabel}\\"}}":) echo "airflow-x-redis ${other}"; echo "airflow-x-2-redis" ;;
  docker:network*) [ -z "$ENGINE_SAYS" ] || { echo "$ENGINE_SAYS" >&2; exit 1; }; echo "bridge "; echo "airflow-x ${other}" ;;
  docker:volume*) echo "airflow-x-data ${other}"; echo "airflow-x-logs "; echo "airflow-x-2-logs " ;;
  kubectl:*get\\ namespaces\\ *) [ -z "$CLUSTER_SAYS" ] || { echo "$CLUSTER_SAYS" >&2; exit 1; }; echo "airflow-x   ${other}" ;;
  kubectl:*"--namespace airflow-x get persistentvolumeclaims logs data "*) echo "logs   <none>"; echo "data ${own}" ;;
esac
`;

const clients = { docker: client, kubectl: client };

function looked(
  config: Readonly<Record<string, unknown>>,
  claims: readonly Claim[],
  adopt: "true" | "false" = "false",
  volumes: readonly string[] = [],
): Promise<unknown> {
  Object.assign(process.env, { AIRFLOW_ADOPT: adopt });
  const look = lookFor(settingsFor(config), { ...known, names: new Set(), volumes: new Set(volumes) }, "x");
  const lines = ({ message }: Error) => message.split("\n").filter((line) => line.startsWith("  "));
  return withPrograms(clients, () => look(claims).catch(lines));
}

const volumes: Claim[] = [
  { kind: "volume", name: "airflow-x-logs" },
  { kind: "volume", name: "airflow-x-data" },
];
const network: Claim = { kind: "network", name: "airflow-x" };

const remedies = /^ {2}- /;
const stated = (lines: unknown) => (lines as string[]).filter((line) => !remedies.test(line));

test("only objects with an exact name of the stack conflict with it, not objects of a stack with a longer name", async () => {
  assert.deepEqual(stated(await looked({}, [...volumes, network])), [
    `  network airflow-x, of installation ${other}`,
    `  volume airflow-x-data, of installation ${other}`,
    "  volume airflow-x-logs, without an installation's label",
  ]);
  assert.deepEqual(await looked({}, [{ kind: "volume", name: "airflow-x-3-logs" }]), []);
});

test("volumes are adopted with their ids; containers and networks are not adopted", async () => {
  assert.deepEqual(await looked({}, volumes, "true"), [other]);
  assert.deepEqual(await looked({}, [...volumes, network], "true"), [
    `  network airflow-x, of installation ${other}`,
    "  - bring its state back: the .state folder or the backend that it was deployed with, which has the passwords of its data",
    "  - choose another stack name",
    "  - remove the resources in the way: docker network rm airflow-x",
  ]);
});

test("an engine whose objects cannot be listed does not count as empty", async () => {
  const answered = async (complaint: string) => {
    Object.assign(process.env, { ENGINE_SAYS: complaint });
    try {
      return await lookFor(settingsFor({}), known, "x")([network]).catch(String);
    } finally {
      delete process.env.ENGINE_SAYS;
    }
  };
  const asked = (complaint: string) => withPrograms(clients, () => answered(complaint));
  assert.equal(
    await asked("Error response from daemon: too busy"),
    "Error: Docker engine: its networks could not be listed: too busy; expected a list, or data of another " +
      "installation might be taken; run this again, or look with docker network ls",
  );
  assert.deepEqual(await asked("Cannot connect to the Docker daemon at unix:///var/run/docker.sock."), []);
});

const inNamespace: Claim[] = [
  { kind: "namespace", name: "airflow-x" },
  ...["logs", "data"].map((name): Claim => ({ kind: "claim", name, namespace: "airflow-x" })),
];

test("a cluster's namespace, and the volume claims in it, conflict with the stack", async () => {
  assert.deepEqual(stated(await looked(cluster, inNamespace)), [
    "  PersistentVolumeClaim logs, without an installation's label",
    `  namespace airflow-x, of installation ${other}`,
  ]);
  assert.deepEqual(await looked(cluster, inNamespace, "true"), [other]);
});

test("volume claims are looked up where the namespace may not be read", async () => {
  Object.assign(process.env, { CLUSTER_SAYS: "namespaces is forbidden" });
  try {
    assert.deepEqual(stated(await looked(cluster, inNamespace)), [
      "  PersistentVolumeClaim logs, without an installation's label",
    ]);
  } finally {
    delete process.env.CLUSTER_SAYS;
  }
});

/** Sets variables of the environment for some work. */
async function withVariables<T>(
  values: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  Object.assign(process.env, values);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(values)) delete process.env[name];
  }
}

test("a stack whose data is on another engine, or in another cluster, is not deployed", async () => {
  const gone = ["volume airflow-x-gone"];
  const error = await withPrograms(clients, () =>
    lookFor(settingsFor({}), { ...known, volumes: new Set(gone) }, "x")([]).catch(String),
  );
  assert.equal(error, `Error: ${absence(gone, "x")}`);
  assert.equal(
    absence(gone, "x"),
    [
      "the data of stack x is not here: its state has volume airflow-x-gone, and there is none of these; nothing was touched",
      "To go on, do one of these:",
      "  - go back to the engine or cluster that has the data: docker context use, DOCKER_HOST, kubectl config use-context, and the keys platform, machines and kubernetes of the stack file",
      "  - if a machine was replaced by another one: npm run forget -- MACHINE",
      "  - if the data is lost: npm run pulumi -- refresh --yes --stack x (pulumi refresh), which forgets it; then npm run restore -- --from ID.tar.age --stack x brings a backup back, npm run up begins with an empty database, and npm run down removes the rest",
    ].join("\n"),
  );
  assert.match(absence(["claim logs"], "x"), /its state has PersistentVolumeClaim logs, and/);
  const stops = async (...args: Parameters<typeof looked>) => (await looked(...args)) as unknown[];
  const other = [{ kind: "volume", name: "airflow-x-3-logs" }] as const;
  assert.equal((await stops({}, other, "true", gone)).length, 3);
  const claim = [{ kind: "claim", name: "elsewhere", namespace: "airflow-x" }] as const;
  assert.equal((await stops(cluster, claim, "true", ["claim elsewhere"])).length, 3);
  // A restoration brings the data.
  assert.deepEqual(
    await withVariables({ AIRFLOW_RESTORE: "true" }, () => looked({}, other, "true", gone)),
    [],
  );
  const down = { ENGINE_SAYS: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." };
  assert.deepEqual(await withVariables(down, () => looked({}, other, "true", gone)), []);
  const forbidden = { CLUSTER_SAYS: "namespaces is forbidden" };
  const namespace = [{ kind: "namespace", name: "airflow-x" }] as const;
  assert.deepEqual(
    await withVariables(forbidden, () => looked(cluster, namespace, "true", ["claim elsewhere"])),
    [],
  );
});

test("the volume claims of a stack are found in its namespace, which need not be the stack's own", () => {
  const metadata = { name: "logs", namespace: "theirs" };
  const claim = { urn: "a", type: "kubernetes:core/v1:PersistentVolumeClaim", outputs: { metadata } };
  assert.deepEqual(claimOf(claim), { kind: "claim", ...metadata });
});

test("the removal of a stack drops objects of another installation from the state, and does not delete them", () => {
  const provider = (name: string) => `urn:pulumi:x::airflow::pulumi:providers:docker::${name}::1a2b`;
  const one: DockerMachine = { ...big, name: "one", docker: "unix:///var/run/docker.sock" };
  const resources = [
    ...["docker", "docker-big"].map((name) => ({
      urn: `logs of ${name}`,
      type: "docker:index/volume:Volume",
      outputs: { name: "airflow-x-logs" },
      provider: provider(name),
    })),
    { urn: "redis", type: "docker:index/container:Container", outputs: { name: "airflow-x-redis" } },
  ];
  const theirs = spared(resources, [one, big], [volume("logs", other, big)]);
  assert.deepEqual(theirs, ["logs of docker-big"]);
  const engine = {
    urn: "urn:pulumi:x::airflow::pulumi:providers:docker::docker-big",
    type: "pulumi:providers:docker",
    inputs: { host: big.docker },
  };
  for (const [machine, spares] of [
    [big, ["logs of docker-big"]],
    [one, ["logs of docker"]],
  ] as const)
    assert.deepEqual(spared([engine, ...resources], [one], [volume("logs", other, machine)]), spares);
  const state3 = { version: 3, deployment: { manifest: {}, resources } };
  const after = marking(state3, theirs, { retainOnDelete: true });
  const [first, second, third] = resources;
  assert.deepEqual(after, {
    version: 3,
    deployment: { manifest: {}, resources: [first, { ...second, retainOnDelete: true }, third] },
  });
  const [volumeType = ""] = resources.map(({ type }) => type);
  const named = { type: volumeType, outputs: { name: "airflow-x-logs" } };
  const both: Resource[] = ["own", "theirs"].map((urn) => ({ ...named, urn, retainOnDelete: true }));
  assert.deepEqual(leftVolumes([...both, { ...named, urn: "deleted anyway" }], ["theirs"]), ["own"]);
  const namespace: Found = { kind: "namespace", name: "airflow-x", installation: other };
  assert.deepEqual(spared(state, [], [namespace]), ["d", `${platform}e`]);
});

/** Lists the named objects requested from engines and a cluster, by kind and name. */
function namesIn(declared: readonly Declared[]): string[] {
  const kinds: Readonly<Record<string, string>> = {
    "docker:index/container:Container": "container",
    "docker:index/network:Network": "network",
    "docker:index/volume:Volume": "volume",
    "kubernetes:core/v1:Namespace": "namespace",
    "kubernetes:core/v1:PersistentVolumeClaim": "claim",
  };
  const names = declared.flatMap(({ type, inputs }) => {
    const { name, metadata } = inputs as { name?: string; metadata?: { name: string } };
    return kinds[type] === undefined ? [] : [`${kinds[type]} ${name ?? metadata?.name}`];
  });
  return names.sort();
}

/** True if a resource carries the id of the installation. */
function isLabelled({ inputs }: Declared): boolean {
  const { labels, metadata } = inputs as {
    labels?: readonly { label: string; value: string }[];
    metadata?: { labels?: Readonly<Record<string, string>> };
  };
  const own = labels?.find(({ label }) => label === installationLabel)?.value;
  return (own ?? metadata?.labels?.[installationLabel]) === "minted-id";
}

const machines = [
  { name: "one", docker: "unix:///run/docker.sock", address: "10.0.0.1" },
  { ...big, workers: 1 },
];
const stacks: [what: string, config: Readonly<Record<string, unknown>>][] = [
  ["an engine", { workers: 2 }],
  ["several machines", { machines }],
  ["a cluster", cluster],
  [
    "a namespace that it does not make",
    { ...cluster, kubernetes: { createNamespace: false, namespace: "x" } },
  ],
];

for (const [what, config] of stacks) {
  test(`on ${what} every name is checked before its use, and every object carries the installation's id`, async () => {
    let looked: string[] = [];
    let before: string[] = ["not looked at"];
    const look = (so: readonly Declared[]) => async (claims: readonly Claim[]) => {
      // In the meantime, everything that does not wait for the look is requested.
      await sleep(200);
      looked = claims.map(({ kind, name }) => `${kind} ${name}`).sort();
      before = so.filter(({ type }) => /^(docker:index|kubernetes:)/.test(type)).map(({ name }) => name);
      return [other];
    };
    const declared = await declare(config, 0, {}, { look });
    assert.deepEqual(before, []);
    assert.deepEqual(looked, namesIn(declared));
    assert.ok(looked.length >= 4, looked.join());
    const unlabelled = declared.filter((one) => namesIn([one]).length > 0 && !isLabelled(one));
    assert.deepEqual(namesIn(unlabelled), []);
    const { inputs } = declared.find(({ name }) => name === "installation") ?? assert.fail();
    assert.deepEqual(inputs.adopted, [other]);
  });
}

test("containers of others that would end a removal in its middle are told", () => {
  const names = new Set(["network airflow-x", "volume airflow-x-logs", "container airflow-x-redis"]);
  const list = [
    "airflow-x-redis\trunning\tairflow-x\tairflow-x-logs\t",
    `airflow-x-migration\trunning\tairflow-x\t\t${own}`,
    "psql\trunning\tbridge,airflow-x\t\t",
    "gone\texited\tairflow-x\t\t",
    "reader\texited\tbridge\tairflow-x-logs,other\t",
    "stranger\trunning\tairflow-xy\tairflow-x-logs-2\t",
  ].join("\n");
  const psql = "container psql uses network airflow-x";
  assert.deepEqual(guestsIn(list, { ...known, names }, ["network"]), [psql]);
  const reader = "container reader uses volume airflow-x-logs";
  assert.deepEqual(guestsIn(list, { ...known, names }, ["network", "volume"]), [psql, reader]);
  assert.deepEqual(guestsIn("", known, ["network", "volume"]), []);
});
