import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unprotect } from "../../../tools/lib/recovery/protection.ts";
import {
  type Clients,
  type Operation,
  recover,
  unrecordedResources,
} from "../../../tools/lib/recovery/recover.ts";
import { withPrograms } from "../standIns.ts";

const container = "docker:index/container:Container";
const component: Operation = { type: "creating", resource: { type: "airflow:index:Webserver" } };

const provider = "urn:pulumi:unit::airflow::pulumi:providers:docker::docker-big::1a2b";
const clients: Clients = { kubectl: [], machines: [] };
const main = { name: "main", docker: "unix:///run/main.sock" };
const big = { name: "big", docker: "ssh://big" };

const operations: [what: string, operation: Operation, found: string[]][] = [
  [
    "a container",
    { type: "creating", resource: { type: container, inputs: { name: "airflow-x-redis" }, provider } },
    ["airflow-x-redis"],
  ],
  [
    "a network",
    {
      type: "creating",
      resource: { type: "docker:index/network:Network", inputs: { name: "airflow-x" }, provider },
    },
    ["airflow-x"],
  ],
  [
    "a ConfigMap, whose name is Pulumi's choice",
    {
      type: "creating",
      resource: {
        type: "kubernetes:core/v1:ConfigMap",
        inputs: { metadata: { name: "redis-1a2b", namespace: "airflow-x" } },
      },
    },
    ["redis-1a2b"],
  ],
  [
    "a Deployment, which is taken over by its name",
    {
      type: "creating",
      resource: {
        type: "kubernetes:apps/v1:Deployment",
        inputs: { metadata: { name: "x", namespace: "y" } },
      },
    },
    [],
  ],
  ["a container without inputs", { type: "creating", resource: { type: container } }, []],
  [
    "a container whose name is not plain",
    { type: "creating", resource: { type: container, inputs: { name: {} } } },
    [],
  ],
  [
    "a container that was being changed",
    { type: "updating", resource: { type: container, inputs: { name: "x" } } },
    [],
  ],
  [
    "a container that was being removed",
    { type: "deleting", resource: { type: container, inputs: { name: "x" } } },
    [],
  ],
  [
    "a volume",
    { type: "creating", resource: { type: "docker:index/volume:Volume", inputs: { name: "x" } } },
    [],
  ],
  [
    "secrets",
    {
      type: "creating",
      resource: { type: "pulumi-nodejs:dynamic:Resource", inputs: { names: ["fernetKey"] } },
    },
    [],
  ],
  ["a component", component, []],
];

for (const [what, operation, found] of operations) {
  test(`after an interrupted deployment ${what} is ${found.length > 0 ? "looked for" : "left alone"}`, () => {
    assert.deepEqual(
      unrecordedResources([component, operation], clients, [big]).map(({ name, machine }) => [name, machine]),
      found.map((name) => [name, operation.resource.provider ? big : undefined]),
    );
  });
}

test("after an interrupted deployment a container of another installation with the same name is left alone", () => {
  const labels = [
    { label: "team", value: "data" },
    { label: "airflow-on-celery/installation", value: "1a2b" },
  ];
  const resource = { type: container, inputs: { name: "airflow-x-redis", labels }, provider };
  assert.deepEqual(
    unrecordedResources([{ type: "creating", resource }], clients, [big]).map(({ list }) => list.slice(-4)),
    [["--filter", "name=^/?airflow-x-redis$", "--filter", "label=airflow-on-celery/installation=1a2b"]],
  );
});

test("after an interrupted deployment an unrecorded container is stopped before its removal, since it may run tasks", () => {
  const resource = { type: container, inputs: { name: "airflow-x-worker-2" }, provider };
  assert.deepEqual(
    unrecordedResources([{ type: "creating", resource }], clients, [big]).map(({ remove }) => remove),
    [
      [
        ["docker", "container", "stop"],
        ["docker", "container", "rm", "--force"],
      ],
    ],
  );
});

/** Docker client that notes its calls; an engine answers if the variable ANSWERS names it, and others with a complaint. */
const docker = `#!/bin/sh
folder=$(dirname "$0")
echo "$DOCKER_HOST $2" >> "$folder/calls"
case $DOCKER_HOST in
  $ANSWERS) [ "$2" != ls ] || echo 1a2b ;;
  *) echo "$COMPLAINT" >&2; exit 1 ;;
esac
`;
const down = "error during connect: connect to host big port 22: No route to host";
const refusesLogin = "error during connect: Permission denied (publickey)";
const removed = (host: string) => ["ls", "stop", "rm"].map((command) => `${host} ${command}`);

interface Away {
  readonly what: string;
  /** Machines of the stack file. */
  readonly machines: Clients["machines"];
  readonly pendingOn: string;
  /** The engine that answers, and the complaint of the others. */
  readonly answers?: string;
  readonly complaint?: string;
  readonly calls: readonly string[];
  readonly fails?: RegExp;
}

const engines = [
  {
    urn: "urn:pulumi:unit::airflow::pulumi:providers:docker::docker-big",
    type: "pulumi:providers:docker",
    outputs: { host: big.docker },
  },
];
const both = [main, { ...big, docker: "ssh://elsewhere" }];
const away: Away[] = [
  { what: "a machine that is up", machines: both, pendingOn: "docker-big", calls: removed(big.docker) },
  {
    what: "a machine that the stack file does not list",
    machines: [main],
    pendingOn: "docker-big",
    calls: removed(big.docker),
  },
  {
    what: "a machine that is down",
    machines: both,
    pendingOn: "docker-big",
    answers: main.docker,
    calls: ["ssh://big ls"],
  },
  {
    what: "a machine that is gone from the stack file and refuses the login",
    machines: [main],
    pendingOn: "docker-big",
    answers: main.docker,
    complaint: refusesLogin,
    calls: ["ssh://big ls"],
  },
  {
    what: "a machine of the stack file that refuses the login",
    machines: both,
    pendingOn: "docker-big",
    answers: main.docker,
    complaint: refusesLogin,
    calls: ["ssh://big ls"],
    fails: /machine big: docker container ls .*Permission denied/,
  },
  { what: "a machine that the state does not have", machines: [main], pendingOn: "docker-x", calls: [] },
  {
    what: "the first machine, which is down",
    machines: both,
    pendingOn: "docker",
    answers: big.docker,
    calls: [`${main.docker} ls`],
    fails: /machine main: docker container ls .*No route to host/,
  },
];

for (const { what, machines, pendingOn, answers = "*", complaint = down, calls, fails } of away) {
  test(`a creation that was cut off on ${what} ${fails ? "waits for it" : "blocks no command"}`, async ({
    mock,
  }) => {
    const printed = mock.method(console, "log", () => {});
    const told = mock.method(console, "error", () => {});
    const state = mkdtempSync(join(tmpdir(), "recover-"));
    const stacks = join(state, ".pulumi/stacks/airflow");
    mkdirSync(stacks, { recursive: true });
    const provider = `urn:pulumi:unit::airflow::pulumi:providers:docker::${pendingOn}::1a2b`;
    const resource = { type: container, inputs: { name: "airflow-x-gateway" }, provider };
    const latest = { resources: engines, pending_operations: [{ type: "creating", resource }] };
    writeFileSync(join(stacks, "unit.json"), JSON.stringify({ version: 3, checkpoint: { latest } }));
    const commands: string[] = [];
    const cli = async (_stack = "", command = "", _file = "", file = "") => {
      commands.push(command);
      if (command === "export") writeFileSync(file, "{}");
      return "";
    };
    Object.assign(process.env, { ANSWERS: answers, COMPLAINT: complaint });

    await withPrograms({ docker }, async (folder) => {
      const recovered = recover(state, "unit", { kubectl: [], machines }, cli);
      if (fails) await assert.rejects(recovered, fails);
      else await recovered;
      const noted = join(folder, "calls");
      const made = existsSync(noted) ? readFileSync(noted, "utf8").trim().split("\n") : [];
      assert.deepEqual(made, calls);
    });

    assert.deepEqual(commands, fails ? [] : ["export", "import"]);
    // The command that recovers may write data to its standard output.
    assert.equal(printed.mock.callCount(), 0);
    const warnings = told.mock.calls
      .map(({ arguments: [text] }) => String(text))
      .filter((text) => /warning/.test(text));
    assert.equal(warnings.length, !fails && answers !== "*" ? 1 : 0);
    for (const text of warnings)
      assert.match(
        text,
        /machine big .*run docker --host ssh:\/\/big container rm --force airflow-x-gateway$/,
      );
    rmSync(state, { recursive: true });
  });
}

const { pid: gone } = spawnSync("true");
const lock = (pid: number, host = hostname(), timestamp?: string) =>
  JSON.stringify({ pid, hostname: host, timestamp });
const locked = { "a.json.attrs": "{}" };

interface Case {
  readonly what: string;
  readonly locks: Readonly<Record<string, string>>;
  readonly pending?: readonly Operation[];
  /** Locks that stay, and the commands that the CLI gets. */
  readonly left: readonly string[];
  readonly asked: readonly string[];
}

const imported = ["export", "import"];
const cases: Case[] = [
  { what: "no deployment", locks: {}, left: [], asked: [] },
  { what: "a CLI that was killed", locks: { "a.json": lock(gone) }, left: [], asked: [] },
  {
    what: "a CLI that was killed while it created a resource",
    locks: { "a.json": lock(gone), ...locked },
    pending: [component],
    left: ["a.json.attrs"],
    asked: imported,
  },
  {
    what: "a CLI that was interrupted twice",
    locks: locked,
    pending: [component],
    left: ["a.json.attrs"],
    asked: imported,
  },
  { what: "a lock that was left half-written", locks: { "a.json.18f.tmp": "" }, left: [], asked: [] },
  {
    what: "a CLI that still runs",
    locks: { "a.json": lock(gone), "b.json": lock(process.pid) },
    pending: [component],
    left: ["a.json", "b.json"],
    asked: [],
  },
  {
    what: "a CLI whose number another process has by now",
    locks: { "a.json": lock(process.pid, hostname(), "2020-01-01T00:00:00Z") },
    left: [],
    asked: [],
  },
  {
    what: "a CLI that started before its lock",
    locks: { "a.json": lock(process.pid, hostname(), new Date().toISOString()) },
    left: ["a.json"],
    asked: [],
  },
  {
    what: "a CLI on another machine",
    locks: { "a.json": lock(gone, "elsewhere") },
    left: ["a.json"],
    asked: [],
  },
];

for (const { what, locks, pending, left, asked } of cases) {
  test(`after ${what} ${left.length} lock file(s) stay, and the CLI gets ${asked.length} command(s)`, async () => {
    const state = mkdtempSync(join(tmpdir(), "recover-"));
    const folder = join(state, ".pulumi/locks/organization/airflow/unit");
    const stacks = join(state, ".pulumi/stacks/airflow");
    for (const made of [folder, stacks]) mkdirSync(made, { recursive: true });
    for (const [name, text] of Object.entries(locks)) writeFileSync(join(folder, name), text);
    const latest = pending && { pending_operations: pending };
    writeFileSync(join(stacks, "unit.json"), JSON.stringify({ version: 3, checkpoint: { latest } }));

    const commands: string[] = [];
    await recover(state, "unit", clients, async (_stack, command = "", _file, file = "") => {
      commands.push(command);
      if (command === "export") writeFileSync(file, "{}");
      assert.ok(existsSync(file));
      return "";
    });

    assert.deepEqual(commands, asked);
    assert.deepEqual(readdirSync(folder).sort(), left);
    assert.deepEqual(readdirSync(state), [".pulumi"]);
    rmSync(state, { recursive: true });
  });
}

const volume = "urn:pulumi:unit::airflow::docker:index/volume:Volume::airflow-x-data";
const network = "urn:pulumi:unit::airflow::docker:index/network:Network::airflow-x";
const logs = "urn:pulumi:unit::airflow::docker:index/volume:Volume::airflow-x-logs-big";

/** Returns a CLI whose state is in memory. */
function fakeCli() {
  const resources = [{ urn: volume, protect: true }, { urn: network }, { urn: logs, retainOnDelete: true }];
  let state = JSON.stringify({ deployment: { resources } });
  const cli = async (_noun: string, command = "", _flag = "", file = "") => {
    if (command === "import") state = readFileSync(file, "utf8");
    return state;
  };
  const isProtected = () => state.includes(`${volume}","protect":true`);
  const isLeft = () => state.includes(`${logs}","retainOnDelete":true`);
  return { cli: (...words: string[]) => cli(words[0] ?? "", ...words.slice(1)), isProtected, isLeft };
}

for (const [what, owner] of [
  ["has ended", { pid: gone }],
  ["has ended, and whose number another process has by now", { pid: process.pid, started: "a boot 1" }],
  ["goes on", undefined],
] as const) {
  const ends = owner !== undefined;
  test(`a removal that ${what} leaves ${ends ? "the rest protected" : "its state alone"}`, async () => {
    const state = mkdtempSync(join(tmpdir(), "recover-"));
    const { cli, isProtected, isLeft } = fakeCli();
    await unprotect(state, "unit", [logs], cli);
    assert.ok(!isProtected() && !isLeft());
    const note = join(state, "unprotected.unit.json");
    const { urns, left } = JSON.parse(readFileSync(note, "utf8"));
    assert.deepEqual(urns, [volume]);
    if (owner) writeFileSync(note, JSON.stringify({ ...owner, urns, left }));

    await recover(state, "unit", clients, cli);

    assert.deepEqual([isProtected(), isLeft()], [ends, ends]);
    assert.deepEqual(readdirSync(state), ends ? [] : ["unprotected.unit.json"]);
    rmSync(state, { recursive: true });
  });
}
