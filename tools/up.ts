import { parseArgs } from "node:util";
import { readStackFile } from "../config.ts";
import type { Settings } from "../groups.ts";
import { machinesOf } from "../platforms/machines.ts";
import { greet } from "../platforms/preflight.ts";
import { AirflowApi, summary } from "./airflow.ts";
import { drain, leftBehind } from "./drain.ts";
import { prepareImages } from "./images.ts";
import { main, waitFor } from "./process.ts";
import { isElsewhere, reach } from "./reach.ts";
import { Stack } from "./stack.ts";

const dag = "get_stocks_dag";

/** Runs the example DAG: if that turns green, every part works. */
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

/** Brings images to machines that answer; returns the names of those that do not, if they may be missing. */
async function prepareMachines(settings: Settings, mayMiss: boolean): Promise<readonly string[]> {
  const machines = machinesOf(settings);
  const down = await greet(machines, mayMiss ? "leave" : "fail");
  await prepareImages(settings, down);
  return down;
}

/** Lets the workers of machines that the stack no longer lists finish their tasks. */
async function drainOthers(stack: Stack, settings: Settings): Promise<void> {
  const listed = machinesOf(settings).map(({ name }) => name);
  const state = JSON.parse(await stack.pulumi(["stack", "export"]));
  for (const left of leftBehind(state, listed)) await drain(left, `airflow-${stack.name}`);
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "dev" },
      "continue-on-error": { type: "boolean", default: false },
    },
  });
  const mayMiss = values["continue-on-error"];
  const begin = Date.now();
  const step = (text: string) => console.log(`[${Math.round((Date.now() - begin) / 1000)} s] ${text}`);
  const stack = new Stack(values.stack);
  stack.check();
  const settings = readStackFile(stack.file);
  const { platform, groups, webserverPort, flowerPort } = settings;
  let down: readonly string[] = [];
  if (platform === "docker") {
    step("Docker engines and images");
    down = await prepareMachines(settings, mayMiss);
    await drainOthers(stack, settings);
  }
  step(`Deployment of stack ${values.stack}`);
  if (mayMiss) process.env.AIRFLOW_CONTINUE_ON_ERROR = "true";
  const partly = await stack
    .up("--suppress-outputs", ...(mayMiss ? ["--continue-on-error"] : []))
    .catch((error: Error) => {
      if (down.length === 0) throw error;
      return error;
    });
  const outputs = await stack.outputs();
  const local = { ...outputs, webserverUrl: `http://127.0.0.1:${webserverPort}` };
  const workers = groups.reduce((sum, group) => sum + (group.queues.length === 0 ? group.workers : 0), 0);
  if (workers === 0) {
    step("Deployed, and not tried: no worker takes tasks of the default queue.");
  } else {
    step(`Proof: ${dag} on ${workers} worker(s)`);
    const end = await reach(stack);
    await prove(new AirflowApi(local)).finally(end);
    step(`${dag} is green.`);
  }
  const loopback = isElsewhere(settings) && outputs.webserverUrl === local.webserverUrl;
  const name = values.stack === "dev" ? "" : ` -- --stack ${values.stack}`;
  console.log(`
  Airflow   ${outputs.webserverUrl}${loopback ? `, while npm run open${name} runs` : ""}
  Flower    ${loopback ? `http://127.0.0.1:${flowerPort}, likewise` : outputs.flowerUrl}
  login     ${outputs.adminUser}, with the password that this prints:
            ${values.stack === "dev" ? "" : `PULUMI_STACK=${values.stack} `}npm run --silent pulumi -- stack output adminPassword --show-secrets
  ${platform === "docker" ? "your DAGs go to dags/, and are read without a deployment" : "your DAGs are those that the stack file names"}
  npm run down${name} removes all this and keeps the data`);
});
