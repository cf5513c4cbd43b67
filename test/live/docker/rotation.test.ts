import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { AirflowApi, type DagRun, type TaskInstance } from "../../../tools/lib/airflow.ts";
import { waitFor } from "../../runner/waiting.ts";
import { load, mostAway, seal, watchWorkers } from "../lib/away.ts";
import { type Canaries, canaries, found, places } from "../lib/canaries.ts";
import { assertOutlasted, assertUndisturbed, type Config, isRunning, TestStack } from "../lib/harness.ts";
import * as services from "../lib/services.ts";
import { replaced } from "../targets/target.ts";

const stack = new TestStack("livetest-rotation", 18320);

after(() => stack.discard());

/** Secrets to give in files, with characters that are special in a URL, a shell or SQL. */
const given = (number: number) => ({
  brokerPassword: `-b@r/k:e%r+k#e?r=&${number}'x`,
  metadataPassword: `-m@t/d:t%a+k#e?r=&${number}'x`,
});

function fileOf(name: string): string {
  return join(stack.folder, name);
}

function give(number: number): void {
  for (const [name, value] of Object.entries(given(number))) writeFileSync(fileOf(name), `${value}\n`);
}

const initial: Config = {
  workers: 2,
  workerConcurrency: 4,
  workerMemory: 1536,
  secrets: Object.fromEntries(Object.keys(given(1)).map((name) => [name, { file: fileOf(name) }])),
};
const firstGenerations = { fernetKey: 2, resultsPassword: 2, jwtSecret: 2 };
const rotated: Config = { ...initial, secretGenerations: firstGenerations };
const second: Config = {
  ...rotated,
  previousSecrets: "dropped",
  secretGenerations: { ...firstGenerations, apiSecretKey: 2, adminPassword: 2, postgresPassword: 2 },
};

/** All secrets that the stack has had, by name and number. */
const had: Record<string, string> = {};
let current: Canaries = {};

async function note(number: number): Promise<Canaries> {
  current = await canaries(stack);
  for (const [name, value] of Object.entries(current)) had[`${name} ${number}`] = value;
  return current;
}

/** API client with the stack's current administrator password. */
async function administrator(): Promise<AirflowApi> {
  return new AirflowApi({ ...stack.outputs, adminPassword: (await stack.stack.outputs()).adminPassword });
}

async function tokenOf(adminPassword: string): Promise<string | number> {
  const response = await fetch(`${stack.outputs.webserverUrl}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: adminPassword }),
  });
  return response.ok ? ((await response.json()) as { access_token: string }).access_token : response.status;
}

/** HTTP status of a REST API request with a token. */
async function answerTo(token: string | number): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${stack.outputs.webserverUrl}/api/v2/dags`, { headers })).status;
}

/** Tries a password with Redis. */
const brokerTakes = (password?: string) => services.brokerTakes(stack, password);

/** Tries a login with Postgres. */
const databaseTakes = (...login: Parameters<typeof services.loginOf>) =>
  services.databaseTakes(stack, ...login);

/** Tries to decrypt what is stored with a fernet key; the second login to the metadata reads it. */
function opens(key = ""): Promise<string> {
  const program = `
import psycopg2
from cryptography.fernet import Fernet, InvalidToken
with psycopg2.connect(${services.loginOf("airflow_2", had["metadataPassword 2"])}).cursor() as rows:
    rows.execute("SELECT password FROM connection WHERE conn_id = 'sealed'")
    sealed = rows.fetchone()[0]
try: print(Fernet(${JSON.stringify(key)}).decrypt(sealed.encode()).decode())
except InvalidToken: print("refused")`;
  return services.python(stack, "scheduler", program);
}

async function runs(): Promise<readonly DagRun[]> {
  return (await administrator()).all("/dags/~/dagRuns", "dag_runs");
}

/** Every task of every run, once all runs are done. */
async function settled(): Promise<readonly TaskInstance[]> {
  const api = await administrator();
  await waitFor("all runs to finish", 300, async () => {
    const open = (await api.all<DagRun>("/dags/~/dagRuns", "dag_runs")).filter(({ state }) =>
      /queued|running/.test(state),
    );
    return open.length === 0 ? true : undefined;
  });
  return api.all("/dags/~/dagRuns/~/taskInstances", "task_instances");
}

/** Deploys while long tasks run and short ones keep starting; asserts that nothing is lost or restarted. */
async function under(config: Config, seconds: number): Promise<string> {
  const api = await administrator();
  const { dag_run_id: run } = await api.trigger("naps", { seconds });
  const long = (await api.trigger("sealed", { seconds })).dag_run_id;
  const running = await waitFor("long tasks to run", 60, async () => {
    const tasks = [await api.tasks("naps", run), await api.tasks("sealed", long)].flat();
    return tasks.filter(isRunning).length === 7 ? tasks : undefined;
  });
  const before = (await runs()).length;
  // A token outlasts a password change, and the outputs have the new password only after the deployment.
  const short = load(await administrator());
  const begin = Date.now();
  const workersAway = watchWorkers(stack.prefix);
  await stack.up(config);
  const away = workersAway();
  assert.deepEqual(
    away.map(({ name }) => name),
    ["1", "2"],
  );
  assert.equal(mostAway(away), 1, "one of them always takes tasks");
  const took = Math.round((Date.now() - begin) / 1000);
  const { length: started } = await short.stop();
  assert.ok(started > 0);
  const tasks = await settled();
  assertUndisturbed(tasks, tasks.length);
  const last = await administrator();
  const outlasted = [await last.tasks("naps", run), await last.tasks("sealed", long)].flat();
  assertOutlasted(outlasted, running, begin);
  assert.ok((await runs()).length >= before + started);
  return `${took} s, ${started} runs meanwhile; ${tasks.length} tasks so far succeeded at their first try`;
}

let token: string | number = 0;

test("a stack with given passwords, and something encrypted in it", async () => {
  give(1);
  cpSync(join(import.meta.dirname, "../dags/sealed.py"), join(stack.dags, "sealed.py"));
  await stack.up(initial);
  const { brokerPassword, metadataPassword, adminPassword = "" } = await note(1);
  assert.deepEqual({ brokerPassword, metadataPassword }, given(1));
  const { api } = stack;
  await seal(api);
  await stack.trigger("sealed");
  assertUndisturbed(await settled(), 1);
  token = await tokenOf(adminPassword);
  assert.equal(await answerTo(token), 200);
});

test("all that can have two values, under load: the new one is used, the old one works", async (t) => {
  give(2);
  t.diagnostic(await under(rotated, 60));
  const now = await note(2);
  const changed = Object.keys(now).filter((name) => had[`${name} 1`] !== had[`${name} 2`]);
  assert.deepEqual(changed.sort(), [
    "brokerPassword",
    "fernetKey",
    "jwtSecret",
    "metadataPassword",
    "resultsPassword",
  ]);
  for (const number of [1, 2]) assert.equal(await brokerTakes(had[`brokerPassword ${number}`]), "True");
  assert.equal(await databaseTakes("airflow", had["metadataPassword 1"]), "True");
  assert.equal(await databaseTakes("airflow_2", had["metadataPassword 2"]), "True");
  assert.equal(await databaseTakes("airflow_results", had["resultsPassword 1"]), "True");
  assert.equal(await databaseTakes("airflow_results_2", had["resultsPassword 2"]), "True");
  // The new role may not access the other database any more than the old one.
  assert.equal(await databaseTakes("airflow_results_2", had["resultsPassword 2"], "airflow"), "refused");
  assert.equal(await answerTo(token), 200);
  await stack.up(rotated, "--expect-no-changes");
});

test("previous secrets dropped, and secrets with a single value replaced, under load: replaced ones no longer work", async (t) => {
  t.diagnostic(await under(second, 60));
  const before = current;
  const now = await note(3);
  const changed = Object.keys(before).filter((name) => before[name] !== now[name]);
  assert.deepEqual(changed.sort(), ["adminPassword", "apiSecretKey", "postgresPassword"]);
  assert.equal(await brokerTakes(had["brokerPassword 1"]), "refused");
  assert.equal(await brokerTakes(had["brokerPassword 2"]), "True");
  assert.equal(await databaseTakes("airflow", had["metadataPassword 1"]), "refused");
  assert.equal(await databaseTakes("airflow_2", had["metadataPassword 2"]), "True");
  assert.equal(await databaseTakes("airflow_results", had["resultsPassword 1"]), "refused");
  assert.equal(await databaseTakes("postgres", had["postgresPassword 1"]), "refused");
  assert.equal(await databaseTakes("postgres", had["postgresPassword 3"]), "True");
  assert.equal(await opens(had["fernetKey 1"]), "refused");
  assert.equal(await opens(had["fernetKey 2"]), "opened-connection");
  assert.equal(await answerTo(token), 403);
  assert.equal(await tokenOf(had["adminPassword 1"] ?? ""), 401);
  assert.equal(await answerTo(await tokenOf(had["adminPassword 3"] ?? "")), 200);
});

test("a password that a person chose stays, and dropped secrets do not come back", async () => {
  const before = await stack.instances();
  const chosen = "chosen-by-a-person";
  const users = `${stack.outputs.webserverUrl}/auth/fab/v1/users/admin?update_mask=password`;
  const changed = await fetch(users, {
    method: "PATCH",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${await tokenOf(current.adminPassword ?? "")}`,
    },
    body: JSON.stringify({ password: chosen }),
  });
  assert.equal(changed.status, 200, await changed.text());
  await stack.up({ ...second, previousSecrets: "valid" });
  assert.deepEqual(replaced(before, await stack.instances()), ["migration"]);
  assert.equal(await answerTo(await tokenOf(chosen)), 200);
  assert.equal(await brokerTakes(had["brokerPassword 1"]), "refused");
});

test("none of the secrets that it has or had can be seen", async () => {
  assert.equal(new Set(Object.values(had)).size, 17);
  for (const [place, text] of await places(stack, { ...second, previousSecrets: "valid" })) {
    assert.notEqual(text, "", place);
    assert.deepEqual(found(text, had), [], place);
  }
});
