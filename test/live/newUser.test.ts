import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { project, run } from "../../tools/process.ts";
import { containers, docker, sweep } from "./docker.ts";

/** A clean clone: what git would put there, and nothing that was made since. */
const clone = mkdtempSync(join(tmpdir(), "airflow-clone-"));
const files = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
for (const file of files.trim().split("\n")) cpSync(join(project, file), join(clone, file));

const ports = (first: number) => `  airflow:webserverPort: ${first}\n  airflow:flowerPort: ${first + 1}\n`;
const stackFile = `config:\n  airflow:workers: 1\n${ports(18190)}`;
writeFileSync(join(clone, "stacks/Pulumi.livetest-up.yaml"), stackFile);
const npm = (...args: string[]) =>
  run("npm", ["run", "--silent", ...args], { cwd: clone, env: { PULUMI_STACK: "livetest-up" } });
const backend = mkdtempSync(join(tmpdir(), "airflow-backend-"));
const env = { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: "of this test" };
const pulumi = (...args: string[]) => run("pulumi", args, { cwd: clone, env });

before(async () => {
  for (const stack of ["up", "plain", "bad"]) await sweep(`airflow-livetest-${stack}`);
});
after(async () => {
  await npm("down", "--", "--stack", "livetest-up", "--volumes");
  for (const folder of [clone, backend]) rmSync(folder, { recursive: true });
});

test("npm run up deploys and proves it; again it is quick and changes nothing", async (t) => {
  const seconds: number[] = [];
  for (const _ of ["first", "second"]) {
    const begin = Date.now();
    const said = await npm("up", "--", "--stack", "livetest-up");
    seconds.push(Math.round((Date.now() - begin) / 1000));
    assert.match(said, /get_stocks_dag is green/);
    assert.match(said, /Airflow {3}http:\/\/127\.0\.0\.1:18190/);
  }
  t.diagnostic(`${seconds.join(" s, then ")} s`);
  assert.equal(readFileSync(join(clone, "stacks/Pulumi.livetest-up.yaml"), "utf8"), stackFile);
});

test("the commands that the README names for a running stack work", async () => {
  const password = (await npm("pulumi", "--", "stack", "output", "adminPassword", "--show-secrets")).trim();
  assert.match(password, /^[\w-]{64}$/);
  const hidden = await npm("pulumi", "--", "stack", "output");
  assert.ok(!hidden.includes(password));
  await npm("pulumi", "--", "preview", "--expect-no-changes");
});

test("a line in packages.txt adds a Python package to every role", async () => {
  appendFileSync(join(clone, "images/airflow/packages.txt"), "humanfriendly==10.0\n");
  await npm("up", "--", "--stack", "livetest-up");
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

test("the Pulumi CLI alone does, with a backend of the user's", async () => {
  await pulumi("stack", "init", "livetest-plain");
  for (const [key, value] of Object.entries({ webserverPort: 18192, flowerPort: 18193, workers: 0 })) {
    await pulumi("config", "set", `airflow:${key}`, String(value));
  }
  await pulumi("up", "--yes");
  assert.equal(
    (await containers("airflow-livetest-plain")).get("webserver")?.State.Health?.Status,
    "healthy",
  );
  await pulumi("destroy", "--yes", "--exclude-protected");
  await pulumi("state", "unprotect", "--all", "--yes");
  await pulumi("destroy", "--yes");
  assert.equal(await docker("volume", "ls", "--quiet", "--filter", "name=airflow-livetest-plain"), "");
});

test("a fault in the stack file is told with its place, before anything is touched", async () => {
  writeFileSync(
    join(clone, "stacks/Pulumi.livetest-bad.yaml"),
    "config:\n  airflow:workers: two\n  airflow:wrokers: 1\n",
  );
  await assert.rejects(pulumi("up", "--yes", "--stack", "livetest-bad"), /no stack named 'livetest-bad'/);
  await pulumi("stack", "init", "livetest-bad");
  await assert.rejects(pulumi("up", "--yes"), (error: Error) => {
    assert.match(
      error.message,
      /stacks\/Pulumi\.livetest-bad\.yaml:2: workers is two; allowed is a whole number from 0 to 1000/,
    );
    assert.match(
      error.message,
      /stacks\/Pulumi\.livetest-bad\.yaml:3: wrokers is unknown; allowed are platform, /,
    );
    return true;
  });
  assert.equal((await containers("airflow-livetest-bad")).size, 0);
  await assert.rejects(
    npm("up", "--", "--stack", "livetest-none"),
    /no stack livetest-none: .*Pulumi\.livetest-none\.yaml does not exist/,
  );
  await assert.rejects(
    npm("pulumi", "--", "config", "set", "airflow:workers", "3"),
    /Pulumi\.livetest-up\.yaml. Set it there/,
  );
});
