import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { readStackFile } from "../../../settings/read/read.ts";
import { prepareImages } from "../../../tools/images.ts";
import { controlRoles } from "../../roleNames.ts";
import { visit } from "../lib/browser.ts";
import { found } from "../lib/canaries.ts";
import { codeIsEverywhere, commandsWork, developing, putCode } from "../lib/developing.ts";
import { assertUndisturbed, type Config, TestStack } from "../lib/harness.ts";
import { allServe, noDuplicates, severalProcesses } from "../lib/webserverProcesses.ts";
import { containers, docker, log } from "../targets/docker.ts";
import { replaced } from "../targets/target.ts";
import { workersForgeNothing } from "./login/forged.ts";

const stack = new TestStack("livetest-declared", 18330);
copyFileSync(join(import.meta.dirname, "../dags/declared.py"), join(stack.dags, "declared.py"));
putCode(stack);

/** Image that the stack runs. */
async function image(): Promise<string> {
  return (await docker("inspect", "--format", "{{.Config.Image}}", `${stack.prefix}-worker-1`)).trim();
}

/** Image that only this run uses. */
let ownImage: string | undefined;

after(async () => {
  await stack.discard();
  if (ownImage !== undefined) await docker("image", "rm", ownImage);
});

function file(name: string, content: string): string {
  const path = join(stack.folder, name);
  writeFileSync(path, content);
  return path;
}

const secret = () => randomBytes(24).toString("base64url");
const secrets = { connection: secret(), user: secret() };
const requirements = file("requirements.txt", "cowsay==6.1\n");

const config = {
  workers: 1,
  // Must be found by everything that starts Airflow.
  settings: { ...severalProcesses, logging: { logging_config_class: "team_logging.LOGGING_CONFIG" } },
  roles: developing.roles,
  requirements,
  systemPackages: ["jq"],
  connections: {
    ...developing.connections,
    db: { type: "postgres", host: "db", password: { file: file("connection", secrets.connection) } },
  },
  variables: { ...developing.variables, greeting: "hello", spare: "left" },
  pools: { api: { slots: 2 }, spare: { slots: 1 }, default_pool: { slots: 2 } },
  users: { ann: { role: "Viewer", password: { file: file("user", secrets.user) } } },
} satisfies Config;

/** Instances that run the stack's image of Airflow, unlike Redis and Postgres. */
const roles = [...controlRoles, "worker-1"];

/** Builds images as `npm run up` does, then deploys. */
async function up(changed: Config): Promise<string> {
  await stack.configure(changed);
  await prepareImages(readStackFile(stack.stack.file));
  return stack.up(changed);
}

/** Values that the task saw; the password as its hash. */
async function seen(): Promise<string> {
  const run = await stack.trigger("declared");
  const tasks = await stack.finished("declared", run);
  assertUndisturbed(tasks, 1);
  const [task] = tasks;
  return /seen: ([^"\\]*)/.exec(task ? await stack.taskLog("declared", run, task) : "")?.[1] ?? "";
}

async function login(user: string, password: string): Promise<number> {
  const response = await fetch(`${stack.outputs.webserverUrl}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: user, password }),
  });
  return response.status;
}

/** Password of the declared connection, as the database has it. */
function password(): Promise<string> {
  const sql = "SELECT password FROM connection WHERE conn_id = 'db'";
  const asSuperuser = `PGPASSWORD=$(cat /run/secrets/postgres_password) psql -h 127.0.0.1 -U postgres -At -c "${sql}" airflow`;
  return stack.exec("postgres", "sh", "-c", asSuperuser);
}

const hash = createHash("sha256").update(secrets.connection).digest("hex");

test("4 webserver processes start on an empty database without duplicate keys", async () => {
  await up(config);
  await allServe(stack);
  await noDuplicates(stack);
});

/** Run of the example DAG. */
let run = "";

test("a browser sees the grid green, the worker online and the queue empty; without a login, nothing", async () => {
  run = await stack.trigger("get_stocks_dag");
  await stack.finished("get_stocks_dag", run);
  await visit(stack.outputs, run);
  await noDuplicates(stack);
});

test("a task uses declared objects and added packages", async () => {
  assert.equal(await seen(), `${hash} hello jq-1.6 1`);
  assert.equal(await login("ann", secrets.user), 201);
  assert.equal(await login("ann", "another"), 401);
  const pool = await stack.api.call<{ slots: number }>("/pools/api");
  assert.equal(pool?.slots, 2);
});

test("plugins, modules, policies and a logging class beside the DAGs reach every role", () => {
  return codeIsEverywhere(stack);
});

test("a developer's commands check, test, run and show DAGs, and open a shell", () => commandsWork(stack));

test("secrets of declarations are encrypted in the database, and nowhere to be read", async () => {
  assert.match(await password(), /^gAAAA/);
  for (const [place, text] of await stack.target.readable(stack.prefix)) {
    assert.deepEqual(found(text, secrets), [], place);
  }
  assert.match(await log(`${stack.prefix}-declarations`), /connections\.db: created/);
});

test("the same again changes nothing", async () => {
  const before = await stack.instances();
  await up(config);
  assert.deepEqual(replaced(before, await stack.instances()), []);
});

test("changed objects are updated, and no others", async () => {
  const before = await stack.instances();
  const { db } = config.connections;
  await up({
    ...config,
    connections: { ...config.connections, db: { ...db, host: "other" } },
    variables: { ...config.variables, greeting: "good evening" },
    pools: { ...config.pools, api: { slots: 3 } },
  });
  assert.deepEqual(replaced(before, await stack.instances()), ["declarations"]);
  assert.deepEqual((await log(`${stack.prefix}-declarations`)).match(/^\w+\.\w+: \w+$/gm), [
    "connections.db: updated",
    "variables.greeting: updated",
    "pools.api: updated",
  ]);
  assert.equal(await seen(), `${hash} good evening jq-1.6 1`);
});

const { password: _, ...withoutPassword } = config.connections.db;

const fewer = {
  ...config,
  connections: { ...config.connections, db: withoutPassword },
  variables: { ...developing.variables, greeting: "hello" },
  pools: { api: { slots: 2 } },
  users: {},
};

test("objects that are no longer declared are reported and kept, unless deleteUndeclared is set", async () => {
  const output = await up(fewer);
  assert.match(await log(`${stack.prefix}-declarations`), /connections\.db: updated/);
  assert.equal((await password()).trim(), "");
  for (const name of ["variables.spare", "pools.spare", "users.ann"]) {
    assert.match(output, new RegExp(`${name} is no longer declared, and stays in Airflow`));
  }
  assert.ok(await stack.api.call("/variables/spare"));
  assert.equal(await login("ann", secrets.user), 201);

  const deleting = await up({ ...fewer, deleteUndeclared: true });
  assert.doesNotMatch(deleting, /is no longer declared/);
  assert.equal(await stack.api.call("/variables/spare"), undefined);
  assert.equal(await stack.api.call("/pools/spare"), undefined);
  assert.ok(await stack.api.call("/pools/default_pool"));
  assert.equal(await login("ann", secrets.user), 401);
  const before = await stack.instances();
  await up({ ...fewer, deleteUndeclared: true });
  assert.deepEqual(replaced(before, await stack.instances()), []);
  // Somebody makes it again; the next test deploys the same with another image.
  await stack.api.call("/variables", "POST", { key: "spare", value: "ours" });
});

test("another requirement is another image, for Airflow's roles alone", async () => {
  const [before, first] = [await stack.instances(), await image()];
  // Unique, so that no earlier run has built an image of this file.
  writeFileSync(requirements, `cowsay==6.0\n# ${secret()}\n`);
  await up({ ...fewer, deleteUndeclared: true });
  ownImage = await image();
  assert.match(ownImage, /^airflow-on-celery\/packages:/);
  assert.notEqual(ownImage, first);
  assert.deepEqual(replaced(before, await stack.instances()), ["declarations", ...roles].sort());
  assert.ok(await stack.api.call("/variables/spare"), "what was deleted once, and made again, stays");
  const version = await stack.exec(
    "worker-1",
    "python",
    "-c",
    "from importlib.metadata import version as v; print(v('cowsay'))",
  );
  assert.equal(version.trim(), "6.0");
});

test("4 webserver processes start on a full database without duplicate keys", async () => {
  await allServe(stack);
  assert.equal((await stack.api.dagRun("get_stocks_dag", run))?.state, "success");
  await noDuplicates(stack);
});

test("a requirement that Airflow does not go with is refused before anything is touched", async () => {
  const before = await stack.instances();
  writeFileSync(requirements, "celery==5.2.7\n");
  await assert.rejects(up(fewer), ({ message }: Error) => {
    assert.match(message, /celery==5\.2\.7.*unsatisfiable/s);
    assert.match(message, /requirements\.txt/);
    return true;
  });
  assert.deepEqual(replaced(before, await stack.instances()), []);
  assert.equal((await containers(stack.prefix)).size, before.size);
});

test("a worker can make neither a login nor a result that runs in the scheduler", () =>
  workersForgeNothing(stack));

test("a process refuses wrong passwords for tokens after the fifth", async () => {
  const statuses: number[] = [];
  // At most 20 wrong passwords reach four processes within 40 s, and each wave has eight.
  for (let wave = 0; wave < 6 && !statuses.includes(429); wave++)
    statuses.push(...(await Promise.all([...Array(8).keys()].map((at) => login("ann", `wrong ${at}`)))));
  assert.deepEqual([...new Set(statuses)].sort(), [401, 429]);
});
