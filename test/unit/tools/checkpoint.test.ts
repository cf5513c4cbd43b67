import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { removeOldSources } from "../../../tools/lib/bounds/history.ts";
import { project } from "../../../tools/lib/process.ts";
import { unprotect } from "../../../tools/lib/recovery/protection.ts";
import { Stack } from "../../../tools/lib/stack.ts";
import { withPrograms } from "../standIns.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

delete process.env.PULUMI_BACKEND_URL;
const folder = temporaryFolder("checkpoint");
const file = join(folder, "Pulumi.unit.yaml");
const state = join(folder, "state");
const checkpoint = join(state, ".pulumi/stacks/airflow/unit.json");
const own = join(state, "unit/Pulumi.unit.yaml");
const stack = new Stack("unit", file, state);
const exported = async () => JSON.parse(await stack.pulumi(["stack", "export"])).deployment;

beforeEach(async () => {
  rmSync(state, { recursive: true, force: true });
  writeFileSync(file, "config: {}\n");
  await stack.pulumi(["stack", "export"]);
});

test("half-written attributes of a killed CLI keep no command from the state", async () => {
  const before = await exported();
  const attributes = globSync(join(state, ".pulumi/**/*.attrs"));
  assert.ok(attributes.length >= 3, String(attributes));
  for (const path of attributes) truncateSync(path, 0);
  assert.deepEqual(await exported(), before);
  await stack.encrypt("s3cret");
});

test("a stack that a killed CLI left half-created is created again, and one without its own stack file still works", async () => {
  const { secure } = await stack.encrypt("s3cret");
  for (const half of ["", undefined]) {
    if (half === undefined) rmSync(own);
    else writeFileSync(own, half);
    writeFileSync(file, `config:\n  airflow:variables: { token: { secure: "${secure}" } }\n`);
    assert.equal(
      (await stack.pulumi(["config", "get", "--path", "airflow:variables.token"])).trim(),
      "s3cret",
    );
  }
  writeFileSync(file, "config: {}\n");
  writeFileSync(
    checkpoint,
    JSON.stringify({ version: 3, checkpoint: { stack: "organization/airflow/unit" } }),
  );
  assert.notEqual((await exported()).secrets_providers, undefined);
});

test("the key of a state is that of its folder, whatever passphrase a shell has", async () => {
  rmSync(state, { recursive: true });
  process.env.PULUMI_CONFIG_PASSPHRASE = "of a shell";
  const read = async () =>
    (await stack.pulumi(["config", "get", "--path", "airflow:variables.token"])).trim();
  try {
    const { secure } = await stack.encrypt("s3cret");
    writeFileSync(file, `config:\n  airflow:variables: { token: { secure: "${secure}" } }\n`);
    delete process.env.PULUMI_CONFIG_PASSPHRASE;
    assert.equal(await read(), "s3cret");
    // A state that was made with the passphrase of a shell.
    const passphrase = join(state, "passphrase");
    process.env.PULUMI_CONFIG_PASSPHRASE = readFileSync(passphrase, "utf8");
    writeFileSync(passphrase, "of another stack");
    assert.equal(await read(), "s3cret");
    assert.deepEqual(await stack.foreignSecrets(), []);
  } finally {
    delete process.env.PULUMI_CONFIG_PASSPHRASE;
  }
});

test("a state damaged by a power cut is reported, with the way to restore it", async () => {
  truncateSync(checkpoint, 0);
  await assert.rejects(
    exported(),
    /unit\.json is damaged: .*unit\.json\.bak is the state before its last change/,
  );
});

test("of the copies of the state that the CLI makes at each change, ten of each kind are kept", async () => {
  const folderOf = (kind: string) => join(state, `.pulumi/${kind}/airflow/unit`);
  const names = (time: number | string) => ({
    history: ["checkpoint.json", "checkpoint.json.attrs", "history.json"].map((end) => `unit-${time}.${end}`),
    backups: ["json", "json.attrs"].map((end) => `unit.${time}.${end}`),
  });
  const listed = () => globSync("*", { cwd: folderOf("backups") }).length;
  await stack.pulumi(["refresh", "--yes", "--skip-preview"]);
  const [made] = globSync("*.history.json", { cwd: folderOf("history") });
  const time = /^unit-(\d{19})\.history\.json$/.exec(made ?? "")?.[1] ?? "";
  assert.equal(listed(), names(time).backups.length);
  const times = Array.from({ length: 12 }, (_, at) => 999 + at);
  for (const kind of ["history", "backups"] as const) {
    for (const file of times.flatMap((at) => names(at)[kind])) writeFileSync(join(folderOf(kind), file), "");
    writeFileSync(join(folderOf(kind), "unit-notes.txt"), "");
  }
  await stack.pulumi(["stack", "export"]);
  for (const kind of ["history", "backups"] as const) {
    const left = globSync("*", { cwd: folderOf(kind) }).filter((file) => !file.includes(time.slice(0, 8)));
    const expected = [...times.slice(3).flatMap((at) => names(at)[kind]), "unit-notes.txt"];
    assert.deepEqual(left.sort(), expected.sort());
  }
});

test("with machines over ssh at most eight operations run at once, unless the user says otherwise", async () => {
  const machines = (docker: string) =>
    writeFileSync(
      file,
      `config:\n  airflow:machines: [{ name: a, docker: "${docker}", address: 10.0.0.1 }]\n`,
    );
  const limit = async (...command: string[]) => (await stack.pulumi(command)).trim();
  const backend = "file:///nowhere";
  await withPrograms({ pulumi: "#!/bin/sh\necho $PULUMI_PARALLEL\n" }, async () => {
    machines("ssh://a");
    for (const url of [undefined, backend]) {
      if (url) process.env.PULUMI_BACKEND_URL = url;
      for (const command of ["up", "destroy"])
        assert.match(await limit(command), /^[48]$/, `${command} with ${url}`);
    }
    process.env.PULUMI_PARALLEL = "12";
    assert.equal(await limit("up"), "12");
    delete process.env.PULUMI_PARALLEL;
    machines("unix:///run/docker.sock");
    assert.equal(await limit("up"), "");
  }).finally(() => {
    for (const name of ["PULUMI_BACKEND_URL", "PULUMI_PARALLEL"]) delete process.env[name];
  });
});

test("the plugin for clusters is made before a command operates on them, also with a state in another backend", async () => {
  writeFileSync(
    file,
    `config:
  airflow:platform: kubernetes
  airflow:dagsGit: { url: "https://git.example.com/dags.git" }
  airflow:images: { airflow: r.example.com/a:1, postgres: r.example.com/p:1, redis: r.example.com/r:1 }
`,
  );
  const note = (text: string) => `#!/bin/sh\necho ${text} >> "$(dirname "$0")/calls"\n`;
  // tools/run is a script of bash.
  const programs = { pulumi: note("pulumi $1"), bash: note("$1 $2") };
  for (const url of [undefined, "file:///nowhere"]) {
    if (url) process.env.PULUMI_BACKEND_URL = url;
    const calls = await withPrograms(programs, async (bin) => {
      await stack.pulumi(["destroy"]);
      return readFileSync(join(bin, "calls"), "utf8").trim().split("\n");
    }).finally(() => delete process.env.PULUMI_BACKEND_URL);
    assert.deepEqual(calls.slice(-2), ["tools/run --kubernetes-plugin", "pulumi destroy"]);
  }
});

test("what a removal in another backend left is protected again before the next operation there", async () => {
  const cli = `#!/bin/sh
state=$(dirname "$0")/state.json
case "$1 $2" in
  "stack export") cat "$state" ;;
  "stack import") cp "$4" "$state" ;;
  "destroy ") cp "$state" "$state.destroyed" ;;
esac
`;
  const note = join(state, "unprotected.unit.json");
  await withPrograms({ pulumi: cli }, async (bin) => {
    const exported = join(bin, "state.json");
    const destroyed = async (url: string) => {
      process.env.PULUMI_BACKEND_URL = url;
      await stack.pulumi(["destroy"]);
      return JSON.parse(readFileSync(`${exported}.destroyed`, "utf8")).deployment.resources[0].protect;
    };
    writeFileSync(exported, JSON.stringify({ deployment: { resources: [{ urn: "data", protect: true }] } }));
    process.env.PULUMI_BACKEND_URL = "file:///shared";
    await unprotect(state, "unit", [], (...words) => stack.pulumi(words));
    assert.equal(await destroyed("file:///shared"), false);
    const ended = { ...JSON.parse(readFileSync(note, "utf8")), pid: spawnSync("true").pid };
    writeFileSync(note, JSON.stringify(ended));
    // The backend may be locked, and this command is the remedy.
    await stack.pulumi(["cancel"]);
    assert.ok(existsSync(note));
    assert.equal(await destroyed("file:///another"), false);
    assert.equal(await destroyed("file:///shared"), true);
    assert.ok(!existsSync(note));
  }).finally(() => delete process.env.PULUMI_BACKEND_URL);
});

test("uploaded files that no deployment has used for a day are removed", () => {
  const files = join(folder, "files");
  mkdirSync(files);
  const hour = 3600;
  for (const age of [0, 23, 25]) {
    const [file, time] = [join(files, `${age} hours`), Date.now() / 1000 - age * hour];
    writeFileSync(file, "");
    utimesSync(file, time, time);
  }
  removeOldSources(files);
  assert.deepEqual(globSync("*", { cwd: files }).sort(), ["0 hours", "23 hours"]);
  removeOldSources(join(folder, "nowhere"));
});

/** Stand-in for the CLI, whose refresh ends in order at a signal, and takes a moment for that. It leaves a temporary file. */
const orderly = `#!/usr/bin/env node
if (process.argv[2] === "refresh") {
  require("node:fs").writeFileSync(process.env.TMPDIR + "/kubeconfig1", "");
  for (const signal of ["SIGINT", "SIGTERM"])
    process.on(signal, () => setTimeout(() => process.exit(255), 500, console.log("cancelling")));
  process.on("exit", () => console.log("cancelled"));
  setTimeout(() => {}, 20_000, console.log("refreshing"));
}
`;

// Ctrl-C reaches all processes of a terminal, and npm passes a signal on to its child once more.
for (const [signal, backend] of [
  ["SIGINT", {}],
  ["SIGTERM", { PULUMI_BACKEND_URL: "file:///nowhere" }],
] as const)
  test(`${signal} ends the CLI in order, and then its command`, async () => {
    await withPrograms({ pulumi: orderly }, async (place) => {
      const program = `
        const { Stack } = await import("${project}/tools/lib/stack.ts");
        const { inTemporaryFolder } = await import("${project}/tools/lib/temporaryFolder.ts");
        const stack = new Stack("unit", ${JSON.stringify(file)}, ${JSON.stringify(state)});
        const refresh = () => stack.pulumi(["refresh"], true);
        await inTemporaryFolder(refresh).catch(({ message }) => console.log(message));
        setTimeout(console.log, 100, "goes on");
      `;
      const command = spawn(process.execPath, ["--input-type=module", "--eval", program], {
        env: { ...process.env, DOCKER_HOST: "unix:///nowhere", TMPDIR: place, ...backend },
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      });
      const { pid = 0 } = command;
      const end = once(command, "close");
      const temporaries = () => globSync("airflow-*/kubeconfig1", { cwd: place });
      let shown = "";
      for await (const chunk of command.stdout.setEncoding("utf8")) {
        shown += chunk;
        if (chunk.includes("refreshing")) assert.equal(temporaries().length, 1);
        if (chunk.includes("refreshing")) process.kill(signal === "SIGINT" ? -pid : pid, signal);
        if (signal === "SIGINT" && chunk.includes("cancelling")) process.kill(pid, signal);
      }
      assert.equal(shown, "refreshing\ncancelling\ncancelled\n");
      assert.deepEqual(await end, [null, signal]);
      assert.deepEqual(globSync("airflow-*", { cwd: place }), []);
    });
  });
