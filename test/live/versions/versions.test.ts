import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setFlags } from "../../../deploymentFlags.ts";
import { ensureImages } from "../../../tools/images.ts";
import { run as execute } from "../../../tools/lib/process.ts";
import { waitFor } from "../../runner/waiting.ts";
import { cloneFor } from "../lib/clone.ts";
import { assertUndisturbed, TestStack } from "../lib/harness.ts";
import { log } from "../targets/docker.ts";
import { replaced } from "../targets/target.ts";

const dag = "get_stocks_dag";
const stack = new TestStack("livetest-versions", 18130);
const backup = { every: "12h", keep: 5 };
const old = { version: "2.11.2", workers: 1, backup };
let run = "";

before(() => ensureImages(["backup"]));
after(() => stack.discard());

/** Logs in as people do: through the form, with its CSRF token. */
async function seesDags(login: string): Promise<void> {
  const { webserverUrl, adminUser, adminPassword } = stack.outputs;
  const form = await fetch(webserverUrl + login);
  const [, token = ""] = /name="csrf_token"[^>]*value="([^"]+)"/.exec(await form.text()) ?? [];
  const cookie = form.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const enter = (password: string) =>
    fetch(webserverUrl + login, {
      method: "POST",
      redirect: "manual",
      headers: { cookie },
      body: new URLSearchParams({ csrf_token: token, username: adminUser, password }),
    });
  const entered = await enter(adminPassword);
  assert.equal(entered.status, 302);
  const session = entered.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const home = await fetch(`${webserverUrl}/home`, { headers: { cookie: session } });
  assert.match(await home.text(), /get_stocks_dag/);
}

async function green(): Promise<string> {
  const id = await stack.trigger(dag);
  const tasks = await stack.finished(dag, id);
  assertUndisturbed(tasks, 6);
  return id;
}

async function readsLog(id: string): Promise<void> {
  const [task] = await stack.api.tasks(dag, id);
  assert.ok(task);
  assert.match(await stack.taskLog(dag, id, task), /prices\.csv: 30 days/);
}

test("Airflow 2.11 runs the example on workers, and shows it", async () => {
  await stack.up(old);
  assert.deepEqual(await stack.names(), [
    "backup",
    "flower",
    "migration",
    "postgres",
    "redis",
    "scheduler",
    "triggerer",
    "webserver",
    "worker-1",
  ]);
  run = await green();
  await readsLog(run);
  await seesDags("/login/");
  const workers = await waitFor("Flower to know the worker", 60, async () => {
    const known = Object.keys(await stack.flower<Record<string, unknown>>("/api/workers?refresh=true"));
    return known.length > 0 ? known : undefined;
  });
  assert.deepEqual(workers, ["celery@worker-1"]);
});

test("permissions are synchronised by the migration alone", async () => {
  assert.equal((await log(`${stack.prefix}-migration`)).match(/^airflow sync-perm$/gm)?.length, 1);
  // Setting that Airflow reads when it creates its application builder.
  const output = await stack.exec("webserver", "airflow", "config", "get-value", "fab", "update_fab_perms");
  assert.equal(output.trim().split("\n").at(-1), "False");
});

test("another version is refused with the command that has a way back", async () => {
  const before = await stack.instances();
  const command =
    /expected 2\.11\.2, which is deployed, .* npm run upgrade -- --to 3\.3\.2 --stack livetest-versions does that/;
  await assert.rejects(stack.up({ workers: 1, backup }), command);
  assert.deepEqual(replaced(before, await stack.instances()), []);
  await stack.configure(old);
});

test("an upgrade whose migration fails half-way goes back by itself, with the run of before", async (t) => {
  const clone = await cloneFor(stack);
  const program = join(clone, "components/migration/migrate.py");
  const broken = 'airflow("sync-perm")\nif __version__.startswith("3."):\n    sys.exit("broken half-way")\n';
  writeFileSync(program, readFileSync(program, "utf8").replace('airflow("sync-perm")\n', broken));
  const begin = Date.now();
  const upgrade = ["run", "--silent", "upgrade", "--", "--to", "3.3.2", "--stack", "livetest-versions"];
  await assert.rejects(execute("npm", upgrade, { cwd: clone }), (error: Error) => {
    assert.match(error.message, /The upgrade to 3\.3\.2 failed: /);
    assert.match(error.message, /The stack runs 2\.11\.2 again, with its data of /);
    return true;
  });
  t.diagnostic(`back after ${Math.round((Date.now() - begin) / 1000)} s`);
  assert.match(readFileSync(stack.stack.file, "utf8"), /^ {2}airflow:version: 2\.11\.2$/m);
  assert.equal((await stack.api.dagRun(dag, run))?.state, "success");
  await readsLog(run);
  rmSync(clone, { recursive: true });
});

test("Airflow 3 takes over in place: the old run and its log are there, a new run is green", async () => {
  setFlags({ upgrade: true });
  await stack.up({ workers: 1, backup });
  Reflect.deleteProperty(process.env, "AIRFLOW_UPGRADE");
  assert.equal((await stack.api.dagRun(dag, run))?.state, "success");
  await readsLog(run);
  await readsLog(await green());
});

test("there is no way back: it is refused before anything is touched", async () => {
  const before = await stack.instances();
  await assert.rejects(stack.up(old), /version is 2\.11\.2; expected 3\.3\.2, which is deployed/);
  assert.deepEqual(replaced(before, await stack.instances()), []);
  await stack.configure({ workers: 1, backup });
});
