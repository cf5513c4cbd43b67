import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../tools/lib/process.ts";
import { runningRoles } from "../../roleNames.ts";
import { cloneFor } from "./clone.ts";
import type { TestStack } from "./harness.ts";

const source = join(import.meta.dirname, "../develop");

/** MiB of a worker's shared memory. */
const sharedMemory = 128;

/** Keys of a stack whose DAGs use the code of `develop/`, with `variables` and `connections` that it needs. */
export const developing = {
  roles: { worker: { sharedMemory } },
  variables: { shop: "corner" },
  connections: { till: { type: "http", host: "till.example.com" } },
} as const;

/** Puts DAGs, plugins, modules and tests beside the DAGs of a stack that is not deployed yet. */
export function putCode(stack: TestStack): void {
  for (const folder of ["config", "plugins", "tests"])
    cpSync(join(source, folder), join(stack.folder, folder), { recursive: true });
  cpSync(join(source, "dags"), stack.dags, { recursive: true });
}

/** Asserts that every role has the code beside the DAGs, and that its policies and its logging class are used. */
export async function codeIsEverywhere(stack: TestStack): Promise<void> {
  // A role without the logging class does not start.
  const files = [
    "cd /opt/airflow && sha256sum plugins/*.py config/team_logging.py config/users_local_settings.py",
    "printenv AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS",
  ].join(" && ");
  const codeOf = (role: string) => stack.exec(role, "sh", "-c", files);
  const expected = await codeOf("worker-1");
  assert.match(expected, /develop_plugin\.py\n.*users_local_settings\.py\nteam_logging\.LOGGING_CONFIG\n$/s);
  for (const role of runningRoles) assert.equal(await codeOf(role), expected, role);
  const look = [
    "import airflow, airflow_local_settings, develop_plugin, team_logging",
    "from airflow.configuration import conf",
    "print(airflow_local_settings.__all__, conf.get('logging', 'logging_config_class'))",
  ].join("\n");
  const printed = (await stack.exec("worker-1", "python", "-c", look)).trim().split("\n").at(-1);
  assert.equal(printed, "['task_policy'] team_logging.LOGGING_CONFIG");
  await stack.exec("webserver", "test", "-e", "/dev/shm/webserver_config");
}

/** Asserts that a developer's commands, `dags` and `shell`, work on the stack. */
export async function commandsWork(stack: TestStack): Promise<void> {
  const clone = await cloneFor(stack);
  const npm = (script: string, ...args: string[]) =>
    run("npm", ["run", "--silent", script, "--", "--stack", stack.stack.name, ...args], { cwd: clone });

  const checked = await npm("dags", "check", join(stack.dags, "develop.py"));
  assert.match(checked, /^ +\d+\.\d\d s {2}develop\.py: develop, develop_fails$/m);
  assert.match(await npm("dags", "pytest"), /^=+ 1 passed/m);

  const ran = await npm("dags", "run", "develop");
  assert.match(ran, /^develop: success$/m);
  await assert.rejects(npm("dags", "run", "develop_fails"), /on purpose.*develop_fails: failed/s);
  const logs = await npm("dags", "logs", "develop");
  assert.match(logs, /Greetings from corner, till\.example\.com/);
  assert.match(logs, /Returned value was: 12,345/);

  const tested = await npm("dags", "test", "develop", "look");
  assert.match(tested, /Greetings from corner, till\.example\.com/);
  assert.match(tested, new RegExp(`'sharedMemory': ${sharedMemory}\\b`));
  await assert.rejects(npm("dags", "test", "develop_fails", "fail"), /on purpose/);
  const runs = await stack.api.call<{ total_entries: number }>("/dags/develop/dagRuns");
  assert.equal(runs?.total_entries, 1, "a test is not in the history");

  assert.equal((await npm("shell", "worker", "hostname")).trim(), "worker-1");
  rmSync(clone, { recursive: true });
}

/** Runs a command of package.json on a stack; returns its output. */
export type Npm = (script: string, ...args: string[]) => Promise<string>;

/**
 * Asserts that a developer's commands for the example reach the stack, on any platform.
 * @param workers names of `npm run shell`, with the instance that each leads to
 */
export async function commandsReach(npm: Npm, workers: Readonly<Record<string, string>>): Promise<void> {
  const ran = await npm("dags", "run", "get_stocks_dag");
  assert.match(ran, /^get_stocks_dag: success$/m);
  const [run = assert.fail(ran)] = /manual__\S+/.exec(ran) ?? [];
  assert.match(await npm("dags", "test", "get_stocks_dag", "get_aapl"), /AAPL\/prices\.csv: 30 days/);
  const logs = await npm("dags", "logs", "get_stocks_dag");
  assert.ok(logs.startsWith(`get_stocks_dag: ${run}, success\n`), "a test is not in the history");
  assert.equal(logs.match(/prices\.csv: 30 days/g)?.length, 6);
  for (const [name, instance] of Object.entries(workers))
    assert.equal((await npm("shell", name, "hostname")).trim(), instance);
}
