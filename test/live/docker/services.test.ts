import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { run } from "../../../tools/lib/process.ts";
import { engineFacts } from "../../../tools/lib/status/engine.ts";
import { troubles } from "../../../tools/lib/status/table.ts";
import { waitFor } from "../../runner/waiting.ts";
import { mainProcess, TestStack } from "../lib/harness.ts";
import { silenceClient } from "../lib/network.ts";
import { containers, docker } from "../targets/docker.ts";

/** Postgres and Redis without Airflow. */
const stack = new TestStack("livetest-services", 18480);
const config = { redis: { memory: 256 }, postgres: { memory: 256 } };
const volume = `${stack.prefix}-redis-data`;

before(async () => {
  await stack.configure(config);
  await stack.target.sweep(stack.prefix);
  // A disk that fills quickly, created beforehand for the deployment to adopt.
  const options = ["type=tmpfs", "device=tmpfs", "o=size=8m,uid=999,gid=999"];
  await docker("volume", "create", ...options.flatMap((option) => ["--opt", option]), volume);
  const without = ["migration", "flower"].flatMap((name) => ["--exclude", `**::${name}`]);
  process.env.AIRFLOW_ADOPT = "true";
  const up = stack.stack.pulumi(["up", "--yes", "--skip-preview", ...without, "--exclude-dependents"]);
  // In the end the program needs the result of the migration, which was excluded.
  await assert.rejects(up, /migration failed with exit code undefined/);
});

after(() => stack.remove());

function shell(name: string, script: string): Promise<string> {
  return stack.exec(name, "bash", "-c", script);
}

async function restarts(name: string): Promise<number | undefined> {
  return (await containers(stack.prefix)).get(name)?.RestartCount;
}

/** Problem that `npm run status` reports for an instance. */
async function trouble(name: string): Promise<string | undefined> {
  const facts = await engineFacts("local", stack.prefix);
  const tasks = { workers: {}, queued: {} };
  return troubles({ machines: [facts], tasks, queues: [] }).find((line) => line.startsWith(`${name} on `));
}

const broker =
  "export REDISCLI_AUTH=$(sed -n 's/^user airflow on >\\([^ ]*\\).*/\\1/p' /run/secrets/users.acl); cli='redis-cli --user airflow'";
const sql = "PGPASSWORD=$(cat /run/secrets/postgres_password) psql --host=127.0.0.1 --username=postgres -qAt";

suite("the services of a stack", { concurrency: true }, () => {
  test("Redis with a full disk keeps what it has acknowledged, reports the disk, and goes on once there is room", async () => {
    const push = `head -c 65536 /dev/zero | tr '\\0' x | $cli -x LPUSH queue`;
    const output = await shell(
      "redis",
      `${broker}; while answer=$(${push}) && [ "$answer" -gt 0 ] 2>/dev/null; do count=$answer; done; echo $count; echo $answer`,
    );
    const [acknowledged = "", refusal = ""] = output.trim().split("\n");
    assert.match(refusal, /^MISCONF .*No space left on device/);
    const report = await waitFor("a report on Redis", 90, () => trouble("redis"), 2);
    assert.match(report, /^redis on local is running \(healthy\): MISCONF .*No space left on device/);
    // Longer than the patience of a health check.
    await new Promise((wake) => setTimeout(wake, 20_000));
    assert.equal(await restarts("redis"), 0);
    assert.equal((await shell("redis", `${broker}; $cli LLEN queue`)).trim(), acknowledged);
    const place = (await docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume)).trim();
    await run("mount", ["-o", "remount,size=64m", place]);
    const next = await waitFor("Redis to write again", 30, async () => {
      const answer = Number(await shell("redis", `${broker}; $cli LPUSH queue x`));
      return answer > 0 ? answer : undefined;
    });
    assert.equal(next, Number(acknowledged) + 1);
    await waitFor(
      "no more reports on Redis",
      90,
      async () => ((await trouble("redis")) === undefined ? true : undefined),
      2,
    );
  });

  suite("Postgres", { concurrency: false }, () => {
    test("frees the locks of a client that vanished in the middle of a transaction", async (t) => {
      await shell("postgres", `${sql} -c 'CREATE TABLE held ()'`);
      const hold = `(echo 'BEGIN; LOCK TABLE held;'; sleep 600) | ${sql}`;
      await shell("postgres", `{ ${hold}; } >/dev/null 2>&1 &`);
      const holder = "SELECT client_port FROM pg_stat_activity WHERE state = 'idle in transaction'";
      const port = await waitFor("a transaction that holds the lock", 30, async () => {
        const answer = await shell("postgres", `${sql} -c "${holder}"`);
        return answer.trim() || undefined;
      });
      const pid = (await containers(stack.prefix)).get("postgres")?.State.Pid;
      assert.ok(pid);
      await silenceClient(pid, port);
      await shell("postgres", "kill -s KILL $(grep -la '^psql' /proc/[0-9]*/cmdline | cut -d/ -f3)");
      const begin = Date.now();
      await waitFor("the lock to be free", 90, () =>
        shell("postgres", `${sql} -c "SET lock_timeout = '1s'; SELECT count(*) FROM held"`).catch(
          () => undefined,
        ),
      );
      t.diagnostic(`free after ${Math.round((Date.now() - begin) / 1000)} s`);
    });

    test("that replays its log is left in peace, and says how far it is", async () => {
      await shell(
        "postgres",
        `${sql} -c 'CREATE TABLE kept AS SELECT generate_series(1, 1000000) AS number'`,
      );
      const { start } = await stack.healthy("postgres", 30);
      const pids = (title: string) => `grep -la '^postgres: ${title}' /proc/[0-9]*/cmdline | cut -d/ -f3`;
      const startup = `until [ "$pid" ]; do pid=$(${pids("startup")}); done 2>/dev/null`;
      // Postgres recovers from the crash of a process; stopping that recovery makes it take long.
      const crash = `kill -s KILL $(${pids("checkpointer")})`;
      const pid = (await shell("postgres", `${crash}; ${startup}; kill -s STOP $pid; echo $pid`)).trim();
      const report = await waitFor("a report on Postgres", 120, () => trouble("postgres"), 2);
      assert.match(
        report,
        /^postgres on local is running \(unhealthy\): accepts no connections yet: postgres: startup/,
      );
      await new Promise((wake) => setTimeout(wake, 20_000));
      await shell("postgres", `kill -s CONT ${pid}`);
      assert.equal((await stack.healthy("postgres", 60)).start, start);
    });

    test("that hangs is started again, with its data", async (t) => {
      const seconds = await stack.startsAgain("postgres", 180, () =>
        shell("postgres", `kill -s STOP $(${mainProcess})`),
      );
      t.diagnostic(`healthy again after ${seconds} s`);
      assert.equal(
        (await shell("postgres", `${sql} -c 'SELECT sum(number) FROM kept'`)).trim(),
        "500000500000",
      );
    });
  });
});
