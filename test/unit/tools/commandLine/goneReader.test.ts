import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "../../../../tools/lib/process.ts";
import { withPrograms } from "../../standIns.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("gone");
const file = join(folder, "told");

/** Starts a program with some of the tools' functions, in a group of its own as a shell does; `tell` appends a line to the file. */
function start(program: string, variables: Readonly<Record<string, string>> = {}): ChildProcess {
  const begin = `
    const { appendFileSync } = await import("node:fs");
    const tell = (line) => appendFileSync(${JSON.stringify(file)}, line + "\\n");
    const { commandLine } = await import("${project}/tools/lib/commandLine/commandLine.ts");
    const { isRead, print } = await import("${project}/tools/lib/commandLine/terminal.ts");
    const { run } = await import("${project}/tools/lib/process.ts");
    const { inTemporaryFolder } = await import("${project}/tools/lib/temporaryFolder.ts");
    const sleep = (time) => new Promise((done) => setTimeout(done, time));
  `;
  return spawn(process.execPath, ["--input-type=module", "--eval", begin + program], {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}

/** Returns the lines that a program told. */
function told(): string[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  rmSync(file, { force: true });
  return lines;
}

test("a command whose output nobody reads goes on to its end, and one that prints for ever ends", async () => {
  const shows = `await run("sh", ["-c", "for i in 1 2 3 4; do echo out; echo err >&2; sleep 0.2; done"], { show: true });`;
  const child = start(
    `${shows} print("printed"); tell("end"); while (isRead()) { print("again"); await sleep(10); }`,
  );
  child.stdout?.once("data", () => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  assert.deepEqual(await once(child, "exit"), [0, null]);
  assert.deepEqual(told(), ["end"]);
});

/** Stand-in for the CLI, which a closed terminal would end. */
const cli = `#!/bin/sh\necho begins\nsleep 1\necho "\${0##*/} ends" >> ${file}\n`;

for (const [what, command, end, lines] of [
  ["a command that changes a stack", `commandLine("up");`, [0, null], ["pulumi ends", "goes on"]],
  ["another command", `commandLine("status");`, [null, "SIGHUP"], ["pulumi ends"]],
] as const)
  test(`a closed terminal does not end the CLI; ${what} then ${lines.length > 1 ? "goes on" : "ends"}`, () =>
    withPrograms({ pulumi: cli }, async () => {
      const child = start(
        `${command} await run("pulumi", ["up"], { show: true, outlive: true }); tell("goes on");`,
      );
      child.stdout?.once("data", () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        process.kill(-(child.pid ?? 0), "SIGHUP");
      });
      assert.deepEqual(await once(child, "exit"), end);
      assert.deepEqual(told(), lines);
    }));

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  test(`${signal} ends a command, and its temporary folders are removed`, async () => {
    const work = `() => { print("made"); return sleep(20_000); }`;
    const child = start(`await inTemporaryFolder(() => inTemporaryFolder(${work}));`, { TMPDIR: folder });
    await once(child.stdout ?? child, "data");
    assert.equal(globSync("airflow-*", { cwd: folder }).length, 2);
    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), [null, signal]);
    assert.deepEqual(globSync("airflow-*", { cwd: folder }), []);
  });
