import assert from "node:assert/strict";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run, waitFor } from "../../../tools/lib/process.ts";
import { cleanClone } from "../lib/clone.ts";
import { containers, docker, onDocker, sweep } from "../targets/docker.ts";
import { type Instances, replaced } from "../targets/target.ts";

const clone = await cleanClone();

const stackFile = `config:
  airflow:workers: 1
  airflow:webserverPort: 18190
  airflow:flowerPort: 18191
  airflow:requirements: requirements.txt
`;
writeFileSync(join(clone, "stacks/Pulumi.livetest-up.yaml"), stackFile);
writeFileSync(join(clone, "requirements.txt"), "humanfriendly==10.0\n");
const npm = (...args: string[]) =>
  run("npm", ["run", "--silent", ...args], { cwd: clone, env: { PULUMI_STACK: "livetest-up" } });
const instances = () => onDocker.instances("airflow-livetest-up");

before(() => sweep("airflow-livetest-up"));
after(async () => {
  await npm("down", "--", "--stack", "livetest-up", "--volumes");
  rmSync(clone, { recursive: true });
});

test("npm run up deploys and proves it; again it is quick and changes nothing", async (t) => {
  const seconds: number[] = [];
  const looks: Instances[] = [];
  for (const _ of ["first", "second"]) {
    const begin = Date.now();
    const said = await npm("up", "--", "--stack", "livetest-up");
    seconds.push(Math.round((Date.now() - begin) / 1000));
    assert.match(said, /Every queue and every worker works/);
    assert.match(said, /Airflow {3}http:\/\/127\.0\.0\.1:18190$/m);
    assert.match(said, /Flower {4}http:\/\/127\.0\.0\.1:18191$/m);
    const printed = said.match(/\S+ npm run .* adminPassword --show-secrets$/m)?.[0] ?? assert.fail(said);
    assert.match(await run("sh", ["-c", printed], { cwd: clone }), /^[\w-]{64}\n$/);
    looks.push(await instances());
  }
  assert.deepEqual(looks[1], looks[0]);
  t.diagnostic(`${seconds.join(" s, then ")} s`);
  assert.equal(readFileSync(join(clone, "stacks/Pulumi.livetest-up.yaml"), "utf8"), stackFile);
});

test("the commands that the docs name for a running stack work", async () => {
  const password = (await npm("pulumi", "--", "stack", "output", "adminPassword", "--show-secrets")).trim();
  assert.match(password, /^[\w-]{64}$/);
  const hidden = await npm("pulumi", "--", "stack", "output");
  assert.ok(!hidden.includes(password));
  await npm("pulumi", "--", "preview", "--expect-no-changes");
  assert.match(await npm("images"), /images are there/);
  assert.match(await docker("logs", "airflow-livetest-up-scheduler"), /\S/);
  await docker("restart", "airflow-livetest-up-scheduler");
  const restarted = async () => (await instances()).get("scheduler")?.healthy || undefined;
  await waitFor("the restarted scheduler", 120, restarted);
  const before = await instances();
  await docker("rm", "--force", "airflow-livetest-up-flower");
  await npm("pulumi", "--", "up", "--yes", "--refresh");
  const now = await instances();
  assert.deepEqual(replaced(before, now), ["flower"]);
  assert.ok(now.get("flower")?.healthy);
});

test("without its state, or with a busy port, nothing is touched", async () => {
  const volumes = () => docker("volume", "ls", "--quiet", "--filter", "name=airflow-livetest-up");
  const before = [await instances(), await volumes()];
  const state = join(clone, ".state");
  renameSync(state, `${state}.away`);
  const up = () => npm("up", "--", "--stack", "livetest-up");
  await assert.rejects(up(), (error: Error) => {
    for (const name of ["volume airflow-livetest-up-postgres-data", "network airflow-livetest-up"]) {
      assert.match(error.message, new RegExp(`${name}, of installation [0-9a-f]{16}$`, "m"));
    }
    return true;
  });
  await npm("down", "--", "--stack", "livetest-up", "--volumes");
  rmSync(state, { recursive: true });
  renameSync(`${state}.away`, state);
  const busy = createServer().listen(18194, "127.0.0.1");
  const file = join(clone, "stacks/Pulumi.livetest-up.yaml");
  writeFileSync(file, stackFile.replace("18191", "18194"));
  const taken = `port 18194 of 127.0.0.1, for flower (airflow:flowerPort), is taken by \\S+ (process ${process.pid})`;
  await assert.rejects(up(), new RegExp(taken.replaceAll(/[()]/g, "\\$&")));
  busy.close();
  writeFileSync(file, stackFile);
  assert.deepEqual([await instances(), await volumes()], before);
});

test("a requirements.txt adds a Python package to every role", async () => {
  const version = "import humanfriendly; print(humanfriendly.__version__)";
  assert.equal(await docker("exec", "airflow-livetest-up-worker-1", "python", "-c", version), "10.0\n");
});

test("npm run down keeps the volumes, and with --volumes nothing", async () => {
  const volumes = () => docker("volume", "ls", "--quiet", "--filter", "name=airflow-livetest-up");
  await npm("down", "--", "--stack", "livetest-up");
  assert.equal((await containers("airflow-livetest-up")).size, 0);
  assert.equal((await volumes()).trim().split("\n").length, 4);
  await npm("down", "--", "--stack", "livetest-up", "--volumes");
  assert.equal(await volumes(), "");
});
