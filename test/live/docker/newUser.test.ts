import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { generateIdentity } from "age-encryption";
import { rulesFile } from "../../../components/monitoring/alerts.ts";
import { families } from "../../../components/monitoring/families.ts";
import { AirflowApi } from "../../../tools/lib/airflow.ts";
import { everything } from "../../../tools/lib/generate/monitoring.ts";
import { run } from "../../../tools/lib/process.ts";
import { waitFor } from "../../runner/waiting.ts";
import { cleanClone } from "../lib/clone.ts";
import { Prometheus, promtoolTest } from "../lib/monitoring.ts";
import { containers, docker, onDocker, sweep } from "../targets/docker.ts";
import { type Instances, replaced } from "../targets/target.ts";

const clone = await cleanClone();

const stackFile = `config:
  airflow:workers: 1
  airflow:webserverPort: 18190
  airflow:flowerPort: 18191
  airflow:monitoringPort: 18195
  airflow:monitoring: { retention: 2d }
  airflow:requirements: requirements.txt
  airflow:dags: own
  airflow:backup: { every: 12h, keep: 2, continuous: true }
  airflow:workerGroups: [{ name: reports, queues: [reports], memory: 1024 }]
`;
const ownDag = `from airflow.sdk import dag, task


@dag(schedule=None)
def own_dag():
    @task(queue="nobody")
    def wait():
        pass

    wait()


own_dag()
`;
mkdirSync(join(clone, "own"));
writeFileSync(join(clone, "own/own_dag.py"), ownDag);
writeFileSync(join(clone, "stacks/Pulumi.livetest-up.yaml"), stackFile);
writeFileSync(join(clone, "requirements.txt"), "humanfriendly==10.0\n");
const npm = (...args: string[]) =>
  run("npm", ["run", "--silent", ...args], {
    cwd: clone,
    env: { PULUMI_STACK: "livetest-up", NODE_OPTIONS: "" },
  });
const instances = () => onDocker.instances("airflow-livetest-up");

before(() => sweep("airflow-livetest-up"));
after(async () => {
  await npm("down", "--", "--stack", "livetest-up", "--volumes", "--yes");
  rmSync(clone, { recursive: true });
});

test("npm run up deploys and proves it; again it is quick and changes nothing", async (t) => {
  const seconds: number[] = [];
  const looks: Instances[] = [];
  for (const _ of ["first", "second"]) {
    const begin = Date.now();
    const output = await npm("up", "--", "--stack", "livetest-up");
    seconds.push(Math.round((Date.now() - begin) / 1000));
    assert.match(output, /Every queue and every worker works/);
    for (const name of ["queue default", "queue reports", "worker worker-1", "worker worker-reports-1"])
      assert.match(output, new RegExp(`^ {2}${name} +[\\d.]+ s(, by worker-\\S+)?$`, "m"));
    assert.match(output, /^ {2}your DAGs go to own$/m);
    assert.doesNotMatch(output, /Wrong with your DAGs/);
    assert.match(output, /Airflow {3}http:\/\/127\.0\.0\.1:18190$/m);
    assert.match(output, /metrics {3}http:\/\/127\.0\.0\.1:18195\/consoles\/index\.html$/m);
    assert.match(output, /Flower {4}http:\/\/127\.0\.0\.1:18191$/m);
    const printed =
      output.match(/npm run .* adminPassword --show-secrets --stack livetest-up$/m)?.[0] ??
      assert.fail(output);
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
  assert.match(await npm("images", "--", "--stack", "livetest-up"), /all images are built/);
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

test("a proof names the missing worker, and leaves nothing; faults of DAGs are reported, and count with --strict", async () => {
  const api = new AirflowApi(
    JSON.parse(await npm("pulumi", "--", "stack", "output", "--json", "--show-secrets")),
  );
  const listed = await api.all<{ dag_id: string }>("/dags", "dags");
  assert.deepEqual(
    listed.map(({ dag_id }) => dag_id),
    ["own_dag"],
  );
  const runs = () => api.all<{ dag_id: string }>("/dags/~/dagRuns", "dag_runs");
  assert.deepEqual(await runs(), []);
  await api.trigger("own_dag");
  await docker("stop", "airflow-livetest-up-worker-reports-1");
  await assert.rejects(npm("prove", "--", "--stack", "livetest-up"), (error: Error) => {
    assert.match(error.message, /worker worker-reports-1 +FAILED at the broker: the worker does not answer/);
    assert.match(error.message, /queue reports +FAILED at the queue: no worker reads the queue/);
    assert.match(error.message, /queue default +[\d.]+ s, by worker-1/);
    return true;
  });
  await assert.rejects(npm("status", "--", "--stack", "livetest-up"), (error: Error) => {
    assert.match(error.message, /^nobody +1 +\d+ (s|min) +0 +0 +0 of 0 +no worker reads it$/m);
    assert.match(error.message, /^own_dag +\S+ +1 task\(s\) +\d+ (s|min) +no worker reads queue nobody$/m);
    assert.match(error.message, /Last proof, .* FAILED: worker worker-reports-1: the worker does not answer/);
    assert.match(error.message, /^local +postgres:\/var\/lib\/postgresql\/data +[\d.]+ GiB +\d+ % full$/m);
    assert.match(error.message, /^postgres:15-[0-9a-f]{12} +built \d+ (s|min|h|d) ago$/m);
    return true;
  });
  await docker("start", "airflow-livetest-up-worker-reports-1");
  writeFileSync(join(clone, "own/broken_dag.py"), "from airflow.sdk import dag\n\nimport nope\n");
  writeFileSync(join(clone, "own/twice_dag.py"), ownDag);
  await assert.rejects(npm("up", "--", "--stack", "livetest-up", "--strict"), (error: Error) => {
    assert.match(error.message, /Every queue and every worker works/);
    assert.match(error.message, /^ {2}own\/broken_dag\.py:3: ModuleNotFoundError: No module named 'nope'$/m);
    assert.match(error.message, /its DAG own_dag is also in own\/(own|twice)_dag\.py/);
    return true;
  });
  assert.deepEqual(
    (await runs()).map(({ dag_id }) => dag_id),
    ["own_dag"],
  );
  const queues =
    "from redis import Redis; redis = Redis.from_url(open('/run/secrets/broker_url').read().strip()); " +
    "print(list(redis.scan_iter('*canary*')))";
  assert.equal(await docker("exec", "airflow-livetest-up-flower", "python", "-c", queues), "[]\n");
  for (const name of ["broken_dag.py", "twice_dag.py"]) rmSync(join(clone, "own", name));
});

test("people who log in see the series; rules fire and stop", async () => {
  const outputs = JSON.parse(await npm("pulumi", "--", "stack", "output", "--json", "--show-secrets"));
  const { monitoringUrl } = outputs;
  assert.equal((await fetch(`${monitoringUrl}/api/v1/labels`)).status, 401);
  const prometheus = new Prometheus(monitoringUrl, outputs);
  const names = await prometheus.get<string[]>("/api/v1/label/__name__/values");
  const absent = (name: string) =>
    name.startsWith("airflow_canary") || name.startsWith("airflow_certificate");
  assert.deepEqual(
    names.filter((name) => name.startsWith("airflow_")).sort(),
    Object.keys(families)
      .filter((name) => !absent(name))
      .sort(),
  );
  await prometheus.selects("airflow_backup_time_seconds > 0", 60);
  const folder = mkdtempSync(join(tmpdir(), "airflow-rules-"));
  writeFileSync(join(folder, "rules.json"), rulesFile(everything));
  writeFileSync(join(folder, "test.json"), promtoolTest(everything, "rules.json"));
  const container = "airflow-livetest-up-monitoring";
  for (const file of ["rules.json", "test.json"])
    await run("sh", ["-c", `docker exec -i ${container} sh -c 'cat > /tmp/${file}' < ${join(folder, file)}`]);
  assert.match(await docker("exec", container, "promtool", "test", "rules", "/tmp/test.json"), /SUCCESS/);
  rmSync(folder, { recursive: true });
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
  await npm("down", "--", "--stack", "livetest-up", "--volumes", "--yes");
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

test("a role of each volume looks for old logs", async () => {
  await waitFor("the first look", 90, () =>
    docker("exec", "airflow-livetest-up-worker-1", "ls", "/opt/airflow/logs/.retention").catch(
      () => undefined,
    ),
  );
});

/** Reads everything that a backup has to restore, over the API and as a role sees it. */
async function picture() {
  const outputs = JSON.parse(await npm("pulumi", "--", "stack", "output", "--json", "--show-secrets"));
  const api = new AirflowApi(outputs);
  const runs = await api.all<{ dag_run_id: string }>("/dags/~/dagRuns", "dag_runs");
  const opened =
    "from airflow.models import Connection; from airflow.utils.session import create_session\n" +
    "with create_session() as session: print('opened', session.query(Connection).filter_by(conn_id='kept').one().password)";
  return {
    password: outputs.adminPassword,
    runs: runs.map(({ dag_run_id }) => dag_run_id),
    variable: (await api.call<{ value: string }>("/variables/kept"))?.value,
    connection: (await docker("exec", "airflow-livetest-up-scheduler", "python", "-c", opened))
      .trim()
      .split("\n")
      .at(-1),
  };
}

test("a backup as of a past moment and its key bring all back when volumes and state are gone; damaged ones are refused", async (t) => {
  const api = new AirflowApi(
    JSON.parse(await npm("pulumi", "--", "stack", "output", "--json", "--show-secrets")),
  );
  await api.call("/variables", "POST", { key: "kept", value: "a variable" });
  await api.call("/connections", "POST", {
    connection_id: "kept",
    conn_type: "http",
    password: "of-the-connection",
  });
  const before = await picture();
  assert.equal(before.runs.length, 1);
  assert.equal(before.connection, "opened of-the-connection");
  const stack = ["--stack", "livetest-up"];
  const moment = new Date().toISOString();
  await api.call("/variables/kept", "PATCH", { key: "kept", value: "a later one" });
  const output = await npm("backup", "--", ...stack, "--at", moment);
  assert.match(output, /proven in [\d.]+ s: \d+ rows are the same, 2 secret value\(s\) decrypted/);
  const [, id = ""] = /^Backup (\w+), .* is proven\./m.exec(output) ?? [];
  const list = await npm("backup", "--", ...stack, "--list");
  assert.match(list, new RegExp(`^${id} +\\d+ (s|min) ago`, "m"));
  assert.match(list, /^Any moment from \S+Z to \S+Z can be restored as well\.$/m);
  await npm("backup", "--", ...stack, "--save", id);
  const key = await npm("backup", "--", ...stack, "--key");
  writeFileSync(join(clone, "backup.key"), key);
  assert.doesNotMatch(await docker("inspect", "airflow-livetest-up-backup"), new RegExp(key.trim()));
  await npm("down", "--", ...stack, "--volumes", "--yes");
  const restore = (from: string) => npm("restore", "--", ...stack, "--from", from, "--key", "backup.key");
  const flipped = readFileSync(join(clone, `${id}.tar.age`));
  flipped[100_000] = (flipped[100_000] ?? 0) ^ 1;
  writeFileSync(join(clone, "flipped.tar.age"), flipped);
  await assert.rejects(restore("flipped.tar.age"), /flipped\.tar\.age is not restored; it is damaged/);
  writeFileSync(join(clone, "backup.key"), await generateIdentity());
  await assert.rejects(restore(`${id}.tar.age`), /is not restored; none of the keys fits/);
  writeFileSync(join(clone, "backup.key"), key);
  const begin = Date.now();
  assert.match(await restore(`${id}.tar.age`), /Every queue and every worker works/);
  t.diagnostic(`restored in ${Math.round((Date.now() - begin) / 1000)} s`);
  assert.deepEqual(await picture(), before);
  const unknown = "SELECT count(*) FROM pg_stat_user_tables WHERE last_analyze IS NULL";
  const psql = `PGPASSWORD=$(cat /run/secrets/metadata_password) psql -h 127.0.0.1 -U airflow -Atc "${unknown}"`;
  assert.equal((await docker("exec", "airflow-livetest-up-postgres", "sh", "-c", psql)).trim(), "0");
});

test("npm run down keeps the volumes, and with --volumes, which asks, nothing", async () => {
  const volumes = () => docker("volume", "ls", "--quiet", "--filter", "name=airflow-livetest-up");
  await npm("down", "--", "--stack", "livetest-up");
  assert.equal((await containers("airflow-livetest-up")).size, 0);
  assert.equal((await volumes()).trim().split("\n").length, 6);
  await assert.rejects(npm("down", "--", "--stack", "livetest-up", "--volumes"), /expected --yes/);
  assert.equal((await volumes()).trim().split("\n").length, 6);
  await npm("down", "--", "--stack", "livetest-up", "--volumes", "--yes");
  assert.equal(await volumes(), "");
});
