import { greet, unreachable } from "../platforms/docker/preflight/preflight.ts";
import { machinesOf } from "../platforms/machines.ts";
import type { Settings } from "../settings/model/groups.ts";
import { readStackFile } from "../settings/read/read.ts";
import { prepareImages } from "./images.ts";
import { AirflowApi, summary } from "./lib/airflow.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { drain, leftBehind } from "./lib/drain.ts";
import { type Deployment, urnsOn } from "./lib/forget.ts";
import { main, waitFor } from "./lib/process.ts";
import { isElsewhere, reach } from "./lib/reach/reach.ts";
import { Stack } from "./lib/stack.ts";
import { telling } from "./lib/status/telling.ts";

const dag = "get_stocks_dag";

/** Runs the example DAG: its success proves that every part works. */
async function prove(api: AirflowApi): Promise<void> {
  await waitFor(`${dag} to be read`, 120, () => api.call(`/dags/${dag}`));
  const { dag_run_id } = await api.trigger(dag);
  let shown = "";
  const state = await waitFor(`${dag} to finish`, 300, async () => {
    const tasks = summary(await api.tasks(dag, dag_run_id));
    if (tasks !== shown) console.log(`  ${tasks}`);
    shown = tasks;
    const run = await api.dagRun(dag, dag_run_id);
    return run?.state === "success" || run?.state === "failed" ? run.state : undefined;
  });
  if (state === "failed") throw new Error(`${dag} failed: its task logs in the webserver say why.`);
}

/** Flags that exclude resources, present or new, on machines that are down. */
function leaving(down: readonly string[], state: Deployment, { groups }: Settings): string[] {
  const known = down.flatMap((machine) => urnsOn(state, machine));
  const fresh = groups
    .filter(({ machine }) => down.includes(machine ?? ""))
    .map(({ name }) => `**::${name}-*`);
  return [...known, ...fresh].flatMap((urn) => ["--exclude", urn]);
}

/**
 * Sends images to the machines that answer; lets workers finish their tasks on machines that the stack has dropped.
 * @returns names of machines that are down, if they may be, and flags for the deployment
 */
async function prepare(stack: Stack, settings: Settings) {
  const machines = machinesOf(settings);
  const down = await greet(machines, unreachable());
  await prepareImages(settings, down);
  if (machines.length === 0) return { down, flags: [] };
  const state: Deployment = JSON.parse(await stack.pulumi(["stack", "export"]));
  const listed = machines.map(({ name }) => name);
  for (const left of leftBehind(state, listed)) await drain(left, `airflow-${stack.name}`);
  return { down, flags: leaving(down, state, settings) };
}

await main(async () => {
  const { flags: asked } = commandLine("up");
  const begin = Date.now();
  const step = (text: string) => console.log(`[${Math.round((Date.now() - begin) / 1000)} s] ${text}`);
  const stack = new Stack(asked.stack ?? "dev");
  stack.check();
  const settings = readStackFile(stack.file);
  const { platform, groups, webserverPort, flowerPort } = settings;
  if (asked.adopt) process.env.AIRFLOW_ADOPT = "true";
  if (asked["continue-on-error"]) process.env.AIRFLOW_CONTINUE_ON_ERROR = "true";
  if (asked["at-once"]) process.env.AIRFLOW_AT_ONCE = "true";
  step(platform === "docker" ? "Docker engine and images" : "Cluster");
  const { down, flags } = platform === "docker" ? await prepare(stack, settings) : { down: [], flags: [] };
  step(`Deployment of stack ${stack.name}`);
  const deployment = stack.up(settings, "--suppress-outputs", ...flags);
  await (platform === "docker" ? telling(`airflow-${stack.name}`, settings, deployment) : deployment);
  const outputs = await stack.outputs();
  const local = { ...outputs, webserverUrl: `http://127.0.0.1:${webserverPort}` };
  const serving = groups.filter(
    ({ queues, machine }) => queues.length === 0 && !down.includes(machine ?? ""),
  );
  const workers = serving.reduce((sum, group) => sum + group.workers, 0);
  if (workers === 0) {
    step("Deployed, and not tried: no worker takes tasks of the default queue.");
  } else {
    step(`Proof: ${dag} on ${workers} worker(s)`);
    const end = await reach(stack);
    await prove(new AirflowApi(local)).finally(end);
    step(`${dag} is green.`);
  }
  const loopback = isElsewhere(settings) && outputs.webserverUrl === local.webserverUrl;
  const name = stack.name === "dev" ? "" : ` -- --stack ${stack.name}`;
  console.log(`
  Airflow   ${outputs.webserverUrl}${loopback ? `, while npm run open${name} runs` : ""}
  Flower    ${loopback ? `http://127.0.0.1:${flowerPort}, likewise` : outputs.flowerUrl}
  login     ${outputs.adminUser}, with the password that this prints:
            npm run --silent pulumi -- stack output adminPassword --show-secrets${name.slice(3)}
  ${platform === "docker" ? "your DAGs go to dags/" : "your DAGs are those that the stack file names"}
  npm run down${name} removes all this and keeps the data`);
  if (down.length === 0) return;
  const there = down.map((machine) => {
    const missing = groups.filter((group) => group.machine === machine);
    return `  ${machine}: ${missing.map(({ name, workers }) => `${workers} of ${name}`).join(", ") || "no workers"}`;
  });
  throw new Error(
    `\nMissing, because their machines are down; all others are up to date:\n${there.join("\n")}\n` +
      `Run this again when they are up, or remove them from ${stack.file} and say: npm run forget -- ${down[0]}${name.slice(3)}`,
  );
});
