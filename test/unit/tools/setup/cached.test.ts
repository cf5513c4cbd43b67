import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { project } from "../../../../tools/lib/process.ts";
import { link } from "./programs.ts";

const home = mkdtempSync(join(tmpdir(), "cached-"));
after(() => rmSync(home, { recursive: true }));

const bin = join(home, "bin");
mkdirSync(bin);
link("bash cat curl cut dirname find mkdir node sha256sum sort uname xargs", bin);
const env = { HOME: home, PATH: bin };

/** Runs a command of the project as a shell without Go does; its standard error. */
function failure(...command: readonly [string, ...string[]]): string | undefined {
  const { status, stderr } = spawnSync(command[0], command.slice(1), { cwd: project, env, encoding: "utf8" });
  return status === 0 ? undefined : stderr;
}

test("a Pulumi CLI that was built is found without Go, and collects garbage more rarely unless the user says how often", () => {
  const look =
    'source tools/lib/setup/cache.sh; echo "$cache/pulumi-built-$(go_hash offline/pulumi -path ./kubernetes -prune -o)"';
  const built = execFileSync("bash", ["-c", look], { cwd: project, env, encoding: "utf8" }).trim();
  assert.ok(built.startsWith(home), built);
  mkdirSync(join(built, "bin"), { recursive: true });
  writeFileSync(
    join(home, "ready.mjs"),
    "const found = [process.env.PULUMI_HOME, process.env.GOGC].join();\n" +
      "if (found !== process.argv[2]) throw found;\n",
  );
  assert.equal(failure("tools/run", join(home, "ready.mjs"), `${built},400`), undefined);
  const own = 'GOGC=50 tools/run "$@"';
  assert.equal(failure("bash", "-c", own, "bash", join(home, "ready.mjs"), `${built},50`), undefined);
  rmSync(built, { recursive: true });
});

test("a new tool removes tools and compiled files that no command has used for 60 days", () => {
  const cache = join(mkdtempSync(join(home, "prune-")), "airflow-on-celery");
  const old = new Date(Date.now() - 61 * 24 * 3_600_000);
  const made = (folder: string, used?: Date) => {
    mkdirSync(join(cache, folder), { recursive: true });
    if (!used) return;
    writeFileSync(join(cache, folder, ".used"), "");
    utimesSync(join(cache, folder, ".used"), used, used);
  };
  made("node-1", old);
  made("node-2", new Date());
  made("pulumi-built-0", old);
  made("pulumi-built-1");
  made("drill", old);
  mkdirSync(join(cache, "compile"));
  for (const file of ["old", "new"]) writeFileSync(join(cache, "compile", file), "");
  utimesSync(join(cache, "compile/old"), old, old);
  for (const file of ["debian-1.tar", "debian-2.tar"]) writeFileSync(join(cache, file), "");
  utimesSync(join(cache, "debian-1.tar"), old, old);
  const script = 'source tools/lib/setup/cache.sh; into "$cache/pulumi-built-2" true';
  execFileSync("bash", ["-euo", "pipefail", "-c", script], {
    cwd: project,
    env: { ...process.env, XDG_CACHE_HOME: join(cache, "..") },
  });
  const left = readdirSync(cache, { recursive: true })
    .map(String)
    .filter((name) => !name.endsWith(".used"));
  assert.deepEqual(left.sort(), [
    "compile",
    "compile/new",
    "debian-2.tar",
    "drill",
    "node-2",
    "pulumi-built-1",
    "pulumi-built-2",
  ]);
});

test("the base image is made sure of without timeout and sha256sum, which macOS lacks", () => {
  const mac = mkdtempSync(join(home, "mac-"));
  link("bash cat cut dirname", mac);
  writeFileSync(join(mac, "shasum"), "#!/bin/sh\necho 0123456789abcdef0123 -\n", { mode: 0o755 });
  const cache = join(home, ".cache/airflow-on-celery");
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, "debian-bookworm-slim-0123456789ab.tar"), "");
  for (const [command, said] of [
    ["pull", "debian:bookworm-slim pulled\n"],
    ["import", "debian:bookworm-slim imported\n"],
  ]) {
    writeFileSync(join(mac, "docker"), `#!/bin/sh\n[ $1 = ${command} ]\n`, { mode: 0o755 });
    const macEnv = { HOME: home, PATH: mac };
    const output = execFileSync("offline/base-image.sh", { cwd: project, env: macEnv, encoding: "utf8" });
    assert.equal(output, said);
  }
});

test("an engine without the docker command is told from an engine that does not answer", () => {
  const machine = mkdtempSync(join(home, "engine-"));
  link("bash dirname", machine);
  const said = () => {
    const { stderr } = spawnSync("tools/lib/setup/engine.sh", [], {
      cwd: project,
      env: { HOME: home, PATH: machine },
      encoding: "utf8",
    });
    return stderr.split("\n")[0];
  };
  assert.equal(said(), "There is no Docker engine on this machine.");
  writeFileSync(join(machine, "dockerd"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  assert.equal(said(), "There is no docker command, the client of the engine, on this machine.");
});
