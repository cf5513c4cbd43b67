import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
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
import { after, before, suite, test } from "node:test";
import { project } from "../../../tools/lib/process.ts";
import { cleanClone } from "../../live/lib/clone.ts";
import { folders } from "./bad/folders.ts";
import { numbers } from "./bad/numbers.ts";
import { refusals } from "./bad/refusals.ts";
import { type BadRow, rows } from "./bad/rows.ts";
import { secrets } from "./bad/secrets.ts";
import { several } from "./bad/several.ts";
import { shown } from "./bad/shown.ts";
import { otherReaders } from "./bad/yaml/otherReaders.ts";
import { prefixes } from "./bad/yaml/prefixes.ts";
import { syntax } from "./bad/yaml/syntax.ts";

/** Maximum CPU time of a refusal, in terms of the same command's `--help`: seconds mean nothing on a busy machine. */
const mostOfHelp = 2;

const clone = await cleanClone();
symlinkSync(join(project, "node_modules"), join(clone, "node_modules"));
// Imported from the clone, so that checks in this process read and write its files.
const { main }: typeof import("../../../tools/lib/process.ts") = await import(
  join(clone, "tools/lib/process.ts")
);
const { Stack }: typeof import("../../../tools/lib/stack.ts") = await import(
  join(clone, "tools/lib/stack.ts")
);
mkdirSync(join(clone, "test/unit/settings/bad/files/clone/.state"), { recursive: true });
writeFileSync(join(clone, "test/unit/settings/bad/files/clone/.state/key"), "");
const backend = mkdtempSync(join(tmpdir(), "airflow-bad-"));

/** Calls to a stand-in for the Docker engine and the cluster. */
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
// Commands inherit these variables, and checks in this process use them.
Object.assign(process.env, { DOCKER_HOST: `tcp://127.0.0.1:${port}`, KUBECONFIG: kubeconfig });

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

/** Runs a command in the clone; measures it together with all processes that it starts. */
async function run(command: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const timed = 'exec 4>&2; TIMEFORMAT="%R %U %S"; { time "$@" 2>&4; } 2>&3';
  const child = spawn("bash", ["-c", timed, "bash", ...command], {
    cwd: clone,
    env: { ...process.env, ...more },
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

/** Files of the clone except packages, with their modification times. */
function look(): string[] {
  const files = readdirSync(clone, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((file) => `${file} ${statSync(file).mtimeMs}`)
    .sort();
}

/** Stack name of a row. */
function stackOf(row: BadRow): string {
  return `bad-${rows.indexOf(row) + 1}`;
}

/** Stack file of a row, relative to the clone. */
function fileOf(row: BadRow): string {
  return `stacks/Pulumi.${stackOf(row)}.yaml`;
}

for (const row of rows) writeFileSync(join(clone, fileOf(row)), row.config);

/** Faults of a row as printed, with the clone's folders and the stack's name. */
function faultsOf(row: BadRow, file: string): string[] {
  return row.says.map((line) =>
    `  ${file}:${line}`.replaceAll(project, clone).replaceAll("--stack NAME", `--stack ${stackOf(row)}`),
  );
}

/** Error that refuses a row. */
function refusalOf(row: BadRow): string {
  const faults = faultsOf(row, join(clone, fileOf(row)));
  return [`The stack's configuration has ${faults.length} fault(s):`, ...faults].join("\n");
}

const filesBefore = look();

/** Asserts that nothing has called the engine or the cluster so far, or written into the clone. */
function assertUntouched(): void {
  assert.equal(calls, 0);
  assert.deepEqual(look(), filesBefore);
  assert.ok(!existsSync(join(clone, ".state")));
}

suite("a bad stack file is refused by the check that a command begins with", () => {
  let checked = 0;
  for (const row of rows) {
    test(row.name, async (t) => {
      const printed: unknown[][] = [];
      for (const stream of ["log", "error"] as const)
        t.mock.method(console, stream, (...words: unknown[]) => printed.push([stream, ...words]));
      const { exitCode } = process;
      process.exitCode = 0;
      await main(async () => void new Stack(stackOf(row)).settings());
      const code = process.exitCode;
      process.exitCode = exitCode;
      checked++;
      assert.deepEqual(printed, [["error", refusalOf(row)]]);
      assert.equal(code, 1);
    });
  }
  after(() => {
    assert.equal(checked, rows.length);
    assertUntouched();
  });
});

/** Lists the forms in which a row's faults show the given value: the value, a word, or a folder of the project. */
function formsOf({ says }: BadRow): string[] {
  const instead = / is (?:\w+:)?(unknown; did you mean|unknown|not given|empty|without|\{…\}|\[\w+\]|\/\/…)?/;
  return says.map((line) => (line.includes(project) ? "a folder" : (instead.exec(line)?.[1] ?? "a value")));
}

/** First row of each list, and each further row that shows a value in a new way. */
function sampled(): Set<BadRow> {
  const sample = new Set(
    [rows, numbers, refusals, secrets, several, prefixes, otherReaders, syntax, shown, folders].flatMap(
      ([first]) => first ?? [],
    ),
  );
  const known = new Set([...sample].flatMap(formsOf));
  for (const row of rows) {
    const forms = formsOf(row);
    if (!forms.every((form) => known.has(form))) sample.add(row);
    for (const form of forms) known.add(form);
  }
  return sample;
}

suite("a bad stack file is refused by the command of a user", { concurrency: 2 }, () => {
  const took: Ended[] = [];
  let help = Number.NaN;
  before(async () => {
    // Two at once, as the refusals.
    const both = await Promise.all([1, 2].map(() => run(["tools/run", "tools/up.ts", "--help"])));
    help = Math.max(...both.map(({ cpuSeconds }) => cpuSeconds));
  });
  for (const row of sampled()) {
    test(row.name, async () => {
      const ended = await run(["tools/run", "tools/up.ts", "--stack", stackOf(row)]);
      took.push(ended);
      assert.equal(ended.stderr, `${refusalOf(row)}\n`);
      assert.equal(ended.stdout, "");
      assert.equal(ended.code, 1);
      assert.ok(ended.cpuSeconds < mostOfHelp * help, `${ended.cpuSeconds} s; --help took ${help} s`);
    });
  }
  after(() => {
    assert.equal(took.length, 17);
    assertUntouched();
    const largest = (times: number[]) => Math.max(...times).toFixed(2);
    const cpu = largest(took.map(({ cpuSeconds }) => cpuSeconds));
    console.log(
      `${took.length} refusals: ${cpu} s of CPU (--help ${help.toFixed(2)} s) and ${largest(took.map(({ seconds }) => seconds))} s at most`,
    );
  });
});

const plain = ["faults of all kinds", "another executor", "the engine's socket in a role"];

/** Previews a stack with the Pulumi CLI alone; the log shows its requests to providers. */
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

function rowOf(name: string): BadRow {
  return rows.find((row) => row.name === name) ?? assert.fail(`There is no row ${name}.`);
}

for (const name of plain) {
  test(`pulumi preview refuses it likewise, and asks no provider: ${name}`, async (t) => {
    const row = rowOf(name);
    const { stdout, stderr, asked, seconds, cpuSeconds } = await preview(stackOf(row));
    const lines = `${stdout}${stderr}`.split("\n").map((line) => line.trim());
    const file = fileOf(row);
    assert.deepEqual(
      lines.filter((line) => line.startsWith(file)),
      faultsOf(row, file).map((line) => line.trim().split("\n")[0]),
    );
    assert.match(asked, /LanguageRuntime\/Run"/);
    t.diagnostic(`${cpuSeconds} s of CPU, ${seconds} s`);
  });
}

test("a value of another type is refused by the CLI itself, before it runs the program", async () => {
  const { stderr, asked } = await preview(stackOf(rowOf("workers: two")));
  assert.match(stderr, /configuration key 'airflow:workers' must be of type 'integer'/);
  assert.doesNotMatch(asked, /LanguageRuntime\/Run"/);
});

test("a call would have been counted", async () => {
  await assert.rejects(fetch(`http://127.0.0.1:${port}`));
  assert.equal(calls, 1);
});
