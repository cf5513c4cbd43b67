import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { project } from "../../tools/process.ts";
import { cleanClone } from "../live/clone.ts";
import { rows } from "./bad/rows.ts";

/** Seconds of CPU time that a refusal may take. Wall time says nothing on a machine that is busy. */
const most = 2;

const clone = await cleanClone();
symlinkSync(join(project, "node_modules"), join(clone, "node_modules"));
const backend = mkdtempSync(join(tmpdir(), "airflow-bad-"));

/** Stands for a Docker engine and for a cluster, and counts who calls. */
let calls = 0;
const server = createServer((socket) => {
  calls++;
  socket.destroy();
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.address() as AddressInfo;
const kubeconfig = join(backend, "kubeconfig");
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "test", user: {} }],
  }),
);
const env = { ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${port}`, KUBECONFIG: kubeconfig };

after(() => {
  server.close();
  for (const folder of [clone, backend]) rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Runs a command in the clone, and tells what it took, with all processes that it started. */
async function run(command: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const timed = 'exec 4>&2; TIMEFORMAT="%R %U %S"; { time "$@" 2>&4; } 2>&3';
  const child = spawn("bash", ["-c", timed, "bash", ...command], {
    cwd: clone,
    env: { ...env, ...more },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const texts = new Map<number, string>();
  for (const [fd, stream] of child.stdio.entries()) {
    stream?.on("data", (chunk: Buffer) => {
      texts.set(fd, `${texts.get(fd) ?? ""}${chunk}`);
    });
  }
  const code = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  const [stdout = "", stderr = "", times = ""] = [1, 2, 3].map((fd) => texts.get(fd));
  const [seconds = Number.NaN, user = Number.NaN, system = Number.NaN] = times.trim().split(" ").map(Number);
  return { code, stdout, stderr, seconds, cpuSeconds: user + system };
}

/** Every file of the clone but packages, and when it was written. */
function look(): string[] {
  const files = readdirSync(clone, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((file) => `${file} ${statSync(file).mtimeMs}`)
    .sort();
}

const stacks = rows.map((row, at) => ({ ...row, stack: `bad-${at + 1}` }));
for (const { stack, config } of stacks) writeFileSync(join(clone, `stacks/Pulumi.${stack}.yaml`), config);

/** What a row says, with the clone's folders, and the name of the stack. */
function told(says: readonly string[], file: string, stack: string): string[] {
  return says.map((line) =>
    `  ${file}:${line}`.replaceAll(project, clone).replaceAll("--stack NAME", `--stack ${stack}`),
  );
}

suite("a bad stack file is refused by the command of a user", { concurrency: 2 }, () => {
  const before = look();
  const took: Ended[] = [];
  for (const { name, says, stack } of stacks) {
    test(name, async () => {
      const ended = await run(["tools/run", "tools/up.ts", "--stack", stack]);
      took.push(ended);
      const file = join(clone, `stacks/Pulumi.${stack}.yaml`);
      const lines = [
        `The stack's configuration has ${says.length} fault(s):`,
        ...told(says, file, stack),
        "",
      ];
      assert.equal(ended.stderr, lines.join("\n"));
      assert.equal(ended.stdout, "");
      assert.equal(ended.code, 1);
      assert.ok(ended.cpuSeconds < most, `${ended.cpuSeconds} s`);
    });
  }
  after(() => {
    assert.equal(took.length, rows.length);
    assert.equal(calls, 0);
    assert.deepEqual(look(), before);
    assert.ok(!existsSync(join(clone, ".state")));
    const largest = (times: number[]) => Math.max(...times).toFixed(2);
    const cpu = largest(took.map(({ cpuSeconds }) => cpuSeconds));
    console.log(
      `${rows.length} refusals: ${cpu} s of CPU and ${largest(took.map(({ seconds }) => seconds))} s at most`,
    );
  });
});

const plain = ["faults of all kinds", "another executor", "the engine's socket in a role"];

/** Previews a stack with the CLI alone, as one does who has it; what is asked of whom is in the log. */
async function preview(stack: string): Promise<Ended & { readonly asked: string }> {
  const log = join(backend, `${stack}.grpc`);
  const own = {
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "of this test",
    PULUMI_DEBUG_GRPC: log,
  };
  const made = await run(["pulumi", "stack", "init", stack], own);
  assert.equal(made.code, 0, made.stderr);
  const ended = await run(["pulumi", "preview", "--non-interactive", "--stack", stack], own);
  assert.notEqual(ended.code, 0);
  assert.equal(calls, 0);
  const asked = existsSync(log) ? readFileSync(log, "utf8") : "";
  assert.doesNotMatch(asked, /ResourceProvider/);
  return { ...ended, asked };
}

function rowOf(name: string) {
  return stacks.find((row) => row.name === name) ?? assert.fail(`There is no row ${name}.`);
}

for (const name of plain) {
  test(`pulumi preview refuses it likewise, and asks no provider: ${name}`, async (t) => {
    const { says, stack } = rowOf(name);
    const { stdout, stderr, asked, seconds, cpuSeconds } = await preview(stack);
    const lines = `${stdout}${stderr}`.split("\n").map((line) => line.trim());
    const file = `stacks/Pulumi.${stack}.yaml`;
    assert.deepEqual(
      lines.filter((line) => line.startsWith(file)),
      told(says, file, stack).map((line) => line.trim().split("\n")[0]),
    );
    assert.match(asked, /LanguageRuntime\/Run"/);
    t.diagnostic(`${cpuSeconds} s of CPU, ${seconds} s`);
  });
}

test("a value of another type is refused by the CLI itself, before it runs the program", async () => {
  const { stderr, asked } = await preview(rowOf("workers: two").stack);
  assert.match(stderr, /configuration key 'airflow:workers' must be of type 'integer'/);
  assert.doesNotMatch(asked, /LanguageRuntime\/Run"/);
});

test("a call would have been counted", async () => {
  await assert.rejects(fetch(`http://127.0.0.1:${port}`));
  assert.equal(calls, 1);
});
