import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inContainer } from "../../../tools/lib/dags/container.ts";
import { project } from "../../../tools/lib/process.ts";
import { thisProcess } from "../../../tools/lib/recovery/owner.ts";
import { linesOf } from "../../../tools/lib/taskLog.ts";
import { withPrograms } from "../standIns.ts";

test("a task's log is split into lines, in the format of either API version", () => {
  assert.deepEqual(linesOf({ content: "[('worker-1', 'one\\ntwo')]" }), ["[('worker-1', 'one", "two')]"]);
  const content = [
    "one",
    { event: "two" },
    { event: "three", error_detail: [{ exc_type: "ValueError" }] },
    {},
  ];
  assert.deepEqual(linesOf({ content }), ["one", "two", 'three [{"exc_type":"ValueError"}]', ""]);
});

/** A number that Linux gives to no process. */
const dead = { pid: 2 ** 22 + 1 };

/** Stand-in for the Docker client: a container runs until it is removed; three others have owners. */
const docker = `#!/bin/sh
echo "docker $*" >> "$0.calls"
case $1 in
  ps) cat << 'END'
killed ${JSON.stringify({ host: hostname(), ...dead })}
mine ${JSON.stringify({ host: hostname(), ...thisProcess() })}
elsewhere ${JSON.stringify({ host: "elsewhere", ...dead })}
END
  ;;
  create) echo new ;;
  start) echo starts; until grep -q "^docker rm .* new$" "$0.calls"; do sleep 0.1; done; exit 137 ;;
esac
`;

for (const signal of ["SIGTERM", "SIGHUP"] as const)
  test(`${signal} removes the container of a command, which first removes those of killed ones`, () =>
    withPrograms({ docker }, async (folder) => {
      const program = `
        const { inContainer } = await import("${project}/tools/lib/dags/container.ts");
        const scene = { image: "i", machine: undefined, env: {}, flags: [], files: [] };
        process.exitCode = await inContainer(scene, ["sh"], "");
      `;
      const command = spawn(process.execPath, ["--input-type=module", "--eval", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      command.stdout.once("data", () => command.kill(signal));
      assert.deepEqual(await once(command, "close"), [137, null]);
      const [, swept, created, ...rest] = readFileSync(join(folder, "docker.calls"), "utf8")
        .trim()
        .split("\n");
      assert.equal(swept, "docker rm --force --volumes killed");
      assert.match(created ?? "", / --rm /);
      const [, owner = ""] = /--label airflow-on-celery\.owner=(\{.*?\})/.exec(created ?? "") ?? [];
      assert.partialDeepStrictEqual(JSON.parse(owner), { host: hostname(), pid: command.pid });
      assert.deepEqual(rest, ["docker start --attach --interactive new", "docker rm --force --volumes new"]);
    }));

test("npm run down removes containers of killed commands before the stack", () =>
  withPrograms(
    {
      docker,
      pulumi: `#!/bin/sh\necho "pulumi $*" >> "\${0%pulumi}docker.calls"\necho '{"deployment": {}}'\n`,
    },
    async (folder) => {
      const env = { ...process.env, PULUMI_BACKEND_URL: "file:///nowhere" };
      const down = spawn(process.execPath, [join(project, "tools/down.ts")], { env, stdio: "ignore" });
      assert.deepEqual(await once(down, "close"), [0, null]);
      const calls = readFileSync(join(folder, "docker.calls"), "utf8").split("\n");
      const steps = calls.filter((call) => /^docker rm|^pulumi destroy/.test(call));
      assert.equal(steps[0], "docker rm --force --volumes killed");
      assert.match(steps[1] ?? "", /^pulumi destroy /);
    },
  ));

for (const [complaint, code] of [
  ["removal of container new is already in progress", 0],
  ["Cannot connect to the Docker daemon", 1],
] as const)
  test(`a removal that ends with "${complaint}" ${code === 0 ? "is" : "is no"} success`, () =>
    withPrograms(
      { docker: `#!/bin/sh\ncase $1 in create) echo new ;; rm) echo "${complaint}" >&2; exit 1 ;; esac` },
      async () => {
        const scene = { image: "i", machine: undefined, env: {}, flags: [], files: [] };
        const result = inContainer(scene, ["sh"], "").catch(() => 1);
        assert.equal(await result, code);
      },
    ));
