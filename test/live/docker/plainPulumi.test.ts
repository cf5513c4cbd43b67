import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AirflowApi, type TaskInstance } from "../../../tools/lib/airflow.ts";
import { project, run } from "../../../tools/lib/process.ts";
import { waitFor } from "../../runner/waiting.ts";
import { cleanClone } from "../lib/clone.ts";
import { assertUndisturbed } from "../lib/harness.ts";
import { Repository } from "../lib/repository.ts";
import { addressIn, containers, docker, leftOn, sweep } from "../targets/docker.ts";

const clone = await cleanClone();
const backend = mkdtempSync(join(tmpdir(), "airflow-backend-"));
const [probe, probed] = ["probe.cjs", "probed"].map((name) => join(backend, name));
const env = {
  PULUMI_BACKEND_URL: `file://${backend}`,
  PULUMI_CONFIG_PASSPHRASE: "of this test",
  // Instead of the options of the project's own commands.
  NODE_OPTIONS: `--require ${probe}`,
};
/** Program that each process of Node.js runs first: notes how the CLI starts the project's program. */
const note = `if (process.argv[1]?.includes("cmd/run"))
  require("node:fs").writeFileSync("${probed}", process.execArgv + " " + process.env.PULUMI_NODEJS_TYPESCRIPT);`;
const pulumi = (...args: string[]) => run("pulumi", args, { cwd: clone, env });
const npm = (...args: string[]) => run("npm", ["run", "--silent", ...args], { cwd: clone });
const network = "airflow-livetest-repository";
const repository = new Repository("team");

async function sweepAll(): Promise<void> {
  for (const name of ["plain", "bad", "repository"]) await sweep(`airflow-livetest-${name}`);
}

before(async () => {
  await sweepAll();
  await repository.open(await addressIn(network), join(project, "dags/get_stocks_dag.py"));
  // Also installs the npm packages of the clone.
  await npm("images");
});

after(async () => {
  repository.close();
  await sweepAll();
  for (const folder of [clone, backend]) rmSync(folder, { recursive: true });
});

test("the Pulumi CLI alone deploys, with a backend of the user's and the options of Pulumi.yaml", async () => {
  writeFileSync(String(probe), note);
  await pulumi("stack", "init", "livetest-plain");
  const config = {
    webserverPort: 18192,
    flowerPort: 18193,
    workers: 1,
    "dagsGit.url": repository.url,
    "dagsGit.ref": "main",
    "dagsGit.folder": "team",
  };
  for (const [path, value] of Object.entries(config)) {
    await pulumi("config", "set", "--path", `airflow:${path}`, String(value));
  }
  await pulumi("up", "--yes");
  assert.equal(
    readFileSync(String(probed), "utf8"),
    "--min-semi-space-size=64,--max-semi-space-size=64 undefined",
  );
  assert.equal(
    (await containers("airflow-livetest-plain")).get("webserver")?.State.Health?.Status,
    "healthy",
  );
});

test("DAGs from a Git repository run, also those pushed later", async () => {
  const api = new AirflowApi(JSON.parse(await pulumi("stack", "output", "--json", "--show-secrets")));
  const tasksOf = async (dag: string): Promise<readonly TaskInstance[]> => {
    await waitFor(`${dag} to be read`, 120, () => api.call(`/dags/${dag}`));
    const { dag_run_id } = await api.trigger(dag);
    await waitFor(`${dag} to finish`, 300, async () => {
      const state = (await api.dagRun(dag, dag_run_id))?.state;
      return state === "success" || state === "failed" || undefined;
    });
    return api.tasks(dag, dag_run_id);
  };
  assertUndisturbed(await tasksOf("get_stocks_dag"), 6);
  await repository.publish(join(import.meta.dirname, "../dags/naps.py"));
  assertUndisturbed(await tasksOf("naps"), 6);
});

test("the Pulumi CLI alone removes it, and in the end its volumes", async () => {
  await pulumi("destroy", "--yes", "--exclude-protected");
  await pulumi("state", "unprotect", "--all", "--yes");
  // An engine that loses count of a network's endpoints refuses to remove it, which only the project's own commands explain.
  await pulumi("destroy", "--yes").catch((error: Error) =>
    assert.match(error.message, /Network docker \*\*deleting failed\*\*/),
  );
  assert.deepEqual(await leftOn(docker, "airflow-livetest-plain"), []);
});

test("a fault in the stack file is reported with its place, before anything is replaced", async () => {
  writeFileSync(
    join(clone, "stacks/Pulumi.livetest-bad.yaml"),
    "config:\n  airflow:workers: -1\n  airflow:wrokers: 1\n",
  );
  await assert.rejects(pulumi("up", "--yes", "--stack", "livetest-bad"), /no stack named 'livetest-bad'/);
  await pulumi("stack", "init", "livetest-bad");
  await assert.rejects(pulumi("up", "--yes"), (error: Error) => {
    assert.match(
      error.message,
      /stacks\/Pulumi\.livetest-bad\.yaml:2: workers is -1; expected a whole number from 0 to 1000/,
    );
    assert.match(
      error.message,
      /stacks\/Pulumi\.livetest-bad\.yaml:3: wrokers is unknown; did you mean workers\? expected platform, /,
    );
    return true;
  });
  assert.equal((await containers("airflow-livetest-bad")).size, 0);
  await assert.rejects(
    npm("up", "--", "--stack", "livetest-none"),
    /Pulumi\.livetest-none\.yaml does not exist; .*expected the stack file of stack livetest-none/,
  );
  await assert.rejects(
    npm("pulumi", "--", "config", "set", "airflow:workers", "3"),
    /Pulumi\.dev\.yaml; expected a change there/,
  );
});
