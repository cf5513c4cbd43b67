import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { containersOf, declare } from "../mocks.ts";

const folder = mkdtempSync(join(tmpdir(), "answers-"));
after(() => rmSync(folder, { recursive: true }));

const containers = containersOf(await declare({}));

/** Command of a service's health check, with the files of Redis' supervisor moved to a folder. */
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
  return new Promise<[code: unknown, said: string]>((done) => {
    execFile(command, args, { env }, (error, stdout) => done([error?.code ?? 0, stdout.trim()]));
  });
}

const full = "MISCONF Errors writing to the AOF file: No space left on device";
const loading = "LOADING Redis is loading the dataset in memory";

suite("Redis is alive when it answers", () => {
  for (const [what, says, state, expected] of [
    ["that it is well", "echo PONG", "READY=1", [0, ""]],
    ["that its disk is full, which is told", `echo '${full}'`, "READY=1", [0, full]],
    ["that it loads its log, which is on its way", `echo '${loading}'`, "STATUS=x", [75, loading]],
    ["before it has reported that it is ready", "echo PONG", "STATUS=x", [1, ""]],
    ["not at all", "exit 1", "READY=1", [1, ""]],
  ] as const) {
    test(what, async () => assert.deepEqual(await checked("redis", "redis-cli", says, state), expected));
  }
});

suite("Postgres", () => {
  test("accepts connections", async () => {
    assert.deepEqual(await checked("postgres", "pg_isready", "exit 0"), [0, ""]);
  });

  test("rejects them, for now", async () => {
    const [code, said] = await checked("postgres", "pg_isready", "exit 1");
    assert.equal(code, 75);
    assert.match(said, /^accepts no connections yet:/);
  });

  for (const status of [2, 3]) {
    test(`gives no answer: ${status}`, async () => {
      assert.deepEqual(await checked("postgres", "pg_isready", `exit ${status}`), [1, ""]);
    });
  }
});
