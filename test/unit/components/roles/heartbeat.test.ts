import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { beatsWithin, webserverHeartbeat } from "../../../../components/roles/heartbeat/heartbeat.ts";
import { run, waitFor } from "../../../../tools/lib/process.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("beats");
const beats = join(folder, "heartbeats");
mkdirSync(beats);
const ended = join(beats, "1-1");
writeFileSync(ended, "");
utimesSync(ended, 0, 0);
writeFileSync(join(folder, "served"), "");

const { healthy } = webserverHeartbeat([], {}, []);
const isHealthy = () => {
  const [shell = "", ...args] = healthy.command.map((word) => word.replaceAll("/dev/shm", folder));
  return spawnSync(shell, args).status === 0;
};

/** A process whose loop turns once, with the webserver's own module. */
const source = new URL("../../../../components/roles/heartbeat/webserver.py", import.meta.url);
const program = join(folder, "webserver.py");
writeFileSync(program, readFileSync(source, "utf8").replaceAll("/dev/shm", folder));
const uvicorn = "class Server:\n    async def on_tick(self, counter):\n        pass\n";
writeFileSync(join(folder, "uvicorn.py"), uvicorn);
const code = "import asyncio, time, webserver; asyncio.run(webserver.Server().on_tick(0)); time.sleep(600)";
const turning = spawn("python3", ["-c", code], { env: { ...process.env, PYTHONPATH: folder } });
after(() => turning.kill());

test("a webserver is healthy while the loops of its processes turn, whoever has the numbers of others", async () => {
  assert.ok(isHealthy());
  const [file = ""] = await waitFor("a heartbeat", 60, async () => {
    const found = readdirSync(beats);
    // The file of a process that ended long ago is removed.
    return found.length > 0 && !found.includes("1-1") ? found : undefined;
  });
  assert.match(file, new RegExp(`^${turning.pid}-\\d+$`));
  assert.ok(isHealthy());
  const path = join(beats, file);
  const old = new Date(Date.now() - 60_000);
  utimesSync(path, old, old);
  assert.ok(!isHealthy());
  // The file of an earlier process with the same number.
  renameSync(path, join(beats, `${turning.pid}-1`));
  assert.ok(isHealthy());
});

test("a role is healthy while its heartbeat is young", () => {
  const heartbeat = join(folder, "heartbeat");
  const [find = "", ...args] = beatsWithin(20).map((word) => word.replace("/dev/shm", folder));
  const isYoung = () => spawnSync(find, args).status === 0;
  assert.ok(!isYoung());
  writeFileSync(heartbeat, "");
  assert.ok(isYoung());
  for (const [age, expected] of [
    [15, true],
    [25, false],
  ] as const) {
    const time = new Date(Date.now() - age * 1000);
    utimesSync(heartbeat, time, time);
    assert.equal(isYoung(), expected, `${age} s`);
  }
});

test("a proof does not make a worker healthy that reads no queue of users", async () => {
  await run("python3", ["test/unit/components/roles/workerHeartbeat.py"]);
});
