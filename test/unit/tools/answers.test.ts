import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { containersOf, declare } from "../mocks.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder("answers");

const containers = containersOf(await declare({}));

/** Returns the command of a service's health check, with the files of Redis' supervisor in a folder. */
function commandOf(name: string, place: string): string[] {
  const { healthcheck } = containers.get(name) as { healthcheck: { tests: string[] } };
  // The command follows the stop signal and the grace.
  const signal = healthcheck.tests.findIndex((word) => /^(TERM|INT)$/.test(word));
  return healthcheck.tests.slice(signal + 2).map((word) => word.replaceAll("/dev/shm/", `${place}/`));
}

/** Runs the health check of a service, with a stand-in for its client. */
async function checked(name: string, client: string, says: string, state = "READY=1") {
  const place = mkdtempSync(join(folder, "place-"));
  mkdirSync(join(place, "bin"));
  writeFileSync(join(place, "bin", client), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
  writeFileSync(join(place, "notify.state"), `STATUS=Ready\n${state}\n`);
  const [command = "", ...args] = commandOf(name, place);
  const env = { ...process.env, PATH: `${join(place, "bin")}:${process.env.PATH}` };
  return new Promise<[code: unknown, output: string]>((done) => {
    execFile(command, args, { env }, (error, stdout) => done([error?.code ?? 0, stdout.trim()]));
  });
}

const full = "MISCONF Errors writing to the AOF file: No space left on device";
const loading = "LOADING Redis is loading the dataset in memory";

suite("the health check of Redis", () => {
  for (const [what, says, state, expected] of [
    ["passes if Redis answers PONG", "echo PONG", "READY=1", [0, ""]],
    ["passes if the disk of Redis is full, and reports that", `echo '${full}'`, "READY=1", [0, full]],
    ["is pending while Redis loads its log", `echo '${loading}'`, "STATUS=x", [75, loading]],
    ["fails if Redis answers before it is ready", "echo PONG", "STATUS=x", [1, ""]],
    ["fails if Redis does not answer", "exit 1", "READY=1", [1, ""]],
  ] as const) {
    test(what, async () => assert.deepEqual(await checked("redis", "redis-cli", says, state), expected));
  }
});

suite("the health check of Postgres", () => {
  test("passes if Postgres accepts connections", async () => {
    assert.deepEqual(await checked("postgres", "pg_isready", "exit 0"), [0, ""]);
  });

  test("is pending while Postgres rejects connections", async () => {
    const [code, output] = await checked("postgres", "pg_isready", "exit 1");
    assert.equal(code, 75);
    assert.match(output, /^accepts no connections yet:/);
  });

  for (const status of [2, 3]) {
    test(`fails if Postgres gives no answer: ${status}`, async () => {
      assert.deepEqual(await checked("postgres", "pg_isready", `exit ${status}`), [1, ""]);
    });
  }
});
