import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { progress } from "../../../platforms/checks.ts";
import { probes } from "../../../platforms/kubernetes/probes.ts";
import { waitFor } from "../../../tools/lib/process.ts";

const probe = progress + readFileSync(new URL("../../../platforms/docker/probe.sh", import.meta.url), "utf8");

/** START LONGEST EVERY POLLS PATIENCE SIGNAL GRACE: seconds, except for POLLS and SIGNAL. */
const timings = "2 8 1 6 1 TERM 3";

/**
 * Model of a container: an init that passes TERM on and ends with its child, an engine that repeats the
 * health check meanwhile, and a story of the workload, which ignores TERM. Nothing outlives process 1.
 */
const container = `
mount -t tmpfs none /dev/shm && cd /dev/shm || exit
trap 'kill -s TERM $child' TERM
sh -c 'trap "touch /dev/shm/asked" TERM; while :; do sleep 60 & wait; done' &
child=$!
(while :; do setsid sh -c "$PROBE" probe $TIMINGS sh -c '. /dev/shm/health'; echo "status $?"; sleep 0.2; done) &
now() { read -r uptime _ </proc/uptime && echo "\${uptime%.*}"; }
until_there() { until [ -e "$1" ]; do sleep 0.1; done; }
healthy() { echo exit 0 >health; }
failing() { echo exit 1 >health; }
works() { until=$(($(now) + $1)); until [ "$(now)" -ge "$until" ]; do :; done; }
(eval "$STORY") &
while kill -s 0 $child 2>/dev/null; do wait $child; done
echo "ended at $(now)"`;

/** Arguments of `unshare` for processes of their own, as a container has them. */
const isolated = [
  ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
  ...["--pid", "--fork", "--mount", "--mount-proc", "--kill-child"],
];

/** Runs a story to the end of its container, and returns the output. */
function outputOf(story: string, during = async (_: ChildProcess) => {}): Promise<string> {
  const env = { ...process.env, PROBE: probe, TIMINGS: timings, STORY: story };
  const child = spawn("unshare", [...isolated, "sh", "-c", container], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  const closed = new Promise<string>((done, fail) => child.on("error", fail).on("close", () => done(output)));
  return Promise.all([closed, during(child)]).then(([all]) => all);
}

/** Reads the seconds that a story noted. */
function seconds(output: string, what: string): number {
  return Number(
    new RegExp(`^${what} at (\\d+)$`, "m").exec(output)?.[1] ?? assert.fail(`no ${what} in: ${output}`),
  );
}

const end = "kill -s KILL $child";

suite("the health check of an engine", { concurrency: true, timeout: 90_000 }, () => {
  test("an unhealthy process is asked to stop once, and is killed after its grace", async () => {
    const output = await outputOf(
      "healthy; until_there .was-healthy; failing; until_there asked; echo asked at $(now)",
    );
    assert.equal(output.match(/^unhealthy for \d+ s: restarting$/gm)?.length, 1, output);
    assert.match(output, /^unhealthy for 3 s since it was asked to stop: killing$/m);
    assert.ok(seconds(output, "ended") - seconds(output, "asked") >= 2, output);
  });

  test("a process that recovers is not killed, and has its whole grace when it fails again", async () => {
    const story =
      "healthy; until_there .was-healthy; failing; until_there asked; echo asked at $(now); healthy; sleep 5; " +
      "rm asked; failing; until_there asked; echo again at $(now)";
    const output = await outputOf(story);
    assert.ok(seconds(output, "again") - seconds(output, "asked") >= 5, output);
    assert.ok(seconds(output, "ended") - seconds(output, "again") >= 2, output);
  });

  test("a suspended process 1 is killed", async () => {
    const suspend = async ({ pid }: ChildProcess) => {
      const [init] = await waitFor("process 1", 10, async () => {
        const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
        return children.length > 0 ? children.map(Number) : undefined;
      });
      await new Promise((wake) => setTimeout(wake, 1000));
      process.kill(init ?? 0, "SIGSTOP");
    };
    const output = await outputOf("healthy; until_there .was-healthy; sleep 2; failing", suspend);
    assert.match(output, /: killing\n/);
  });

  for (const [when, before] of [
    ["at its start", ""],
    ["later", "healthy; until_there .was-healthy; "],
  ] as const) {
    test(`a process that reports its recovery ${when} is not stopped in that time`, async () => {
      const coming =
        "echo 'echo recovering; exit 75' >health; sleep 6; healthy; sleep 2; echo '[ -e asked ] || exit' >health";
      const output = await outputOf(`${before}${coming}; [ -e asked ] || echo in peace; ${end}`);
      assert.match(output, /^in peace$/m);
      assert.match(output, /^recovering\nstatus 1$/m);
      assert.doesNotMatch(output, /unhealthy/);
    });
  }

  test("a message of a healthy workload is reported at once, not after several looks", async () => {
    const story = `healthy; until_there .was-healthy; echo 'echo disk is full' >health; sleep 4; ${end}`;
    assert.match(await outputOf(story), /^disk is full\nstatus 0$/m);
  });

  test("a start without output and CPU use times out after its seconds", async () => {
    assert.match(await outputOf("failing"), /^unhealthy for 2 s: restarting$/m);
  });

  test("a start that uses CPU goes on beyond its seconds", async () => {
    const output = await outputOf(
      `failing; works 5; healthy; sleep 2; [ -e asked ] || echo in peace; ${end}`,
    );
    assert.match(output, /^in peace$/m);
    assert.doesNotMatch(output, /unhealthy/);
  });

  test("a start that hangs after some work times out its seconds later", async () => {
    assert.match(await outputOf("failing; works 3"), /^unhealthy for [456] s: restarting$/m);
  });

  test("a start that works without end times out after the longest time", async () => {
    assert.match(await outputOf("failing; works 60"), /^unhealthy for [78] s: restarting$/m);
  });
});

suite("the probes of a cluster", { concurrency: true, timeout: 90_000 }, () => {
  const { startupProbe, livenessProbe } = probes({ command: [], startSeconds: 2 });

  /** Exit status of a probe beside some work of the container; pauses between its looks are skipped. */
  async function status(of: unknown, command: string, work = ":"): Promise<number | null> {
    const [shell = "", option = "", script = "", name = ""] = (of as { exec: { command: string[] } }).exec
      .command;
    const hurried = script.replaceAll(/sleep \d+$/gm, "sleep 0");
    const exec = [shell, option, hurried, name, "sh", "-c", command];
    const model = `(${work}) & setsid --wait "$@"`;
    const child = spawn("unshare", [...isolated, "sh", "-c", model, "sh", ...exec], { stdio: "ignore" });
    return new Promise((done, fail) => child.on("error", fail).on("close", done));
  }

  test("a start that reports progress goes on beyond its seconds", async () => {
    const until = Math.floor(Date.now() / 1000) + 5;
    assert.equal(await status(startupProbe, `[ $(date +%s) -lt ${until} ] || exit 0; exit 75`), 0);
    assert.ok(Date.now() / 1000 >= until);
  });

  test("a start without output and CPU use times out after its seconds", async () => {
    assert.equal(await status(startupProbe, "exit 2"), 1);
  });

  test("a start that uses CPU goes on beyond its seconds, up to the longest time", async () => {
    const began = Date.now();
    const until = Math.floor(began / 1000) + 5;
    const busy = "while :; do :; done";
    assert.equal(await status(startupProbe, `[ $(date +%s) -ge ${until} ]`, busy), 0);
    assert.equal(await status(startupProbe, "exit 2", busy), 1);
    assert.ok(Date.now() - began < 20_000);
  });

  for (const [command, expected] of [
    ["exit 0", 0],
    ["exit 75", 0],
    ["exit 1", 1],
  ] as const) {
    test(`the liveness probe of a command with ${command} ends with ${expected}`, async () => {
      assert.equal(await status(livenessProbe, command), expected);
    });
  }
});
