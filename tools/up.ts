import { parseArgs } from "node:util";
import { readStackFile } from "../config.ts";
import { AirflowApi, summary } from "./airflow.ts";
import { ensureImages } from "./images.ts";
import { forward } from "./kubernetes.ts";
import { main, waitFor } from "./process.ts";
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

await main(async () => {
  const { values } = parseArgs({ options: { stack: { type: "string", default: "dev" } } });
  const begin = Date.now();
  const step = (text: string) => console.log(`[${Math.round((Date.now() - begin) / 1000)} s] ${text}`);
  const stack = new Stack(values.stack);
  stack.check();
  const { platform, groups, webserverPort, flowerPort } = readStackFile(stack.file);
  if (platform === "docker") {
    step("Docker engine and images");
    await ensureImages();
  }
  step(`Deployment of stack ${values.stack}`);
  await stack.up("--suppress-outputs");
  const outputs = await stack.outputs();
  const local = { ...outputs, webserverUrl: `http://127.0.0.1:${webserverPort}` };
  const workers = groups.reduce((sum, group) => sum + (group.queues.length === 0 ? group.workers : 0), 0);
  if (workers === 0) {
    step("Deployed, and not tried: no worker takes tasks of the default queue.");
  } else {
    step(`Proof: ${dag} on ${workers} worker(s)`);
    const end = platform === "kubernetes" ? await forward(stack) : () => {};
    await prove(new AirflowApi(local)).finally(end);
    step(`${dag} is green.`);
  }
  const loopback = platform === "kubernetes" && outputs.webserverUrl === local.webserverUrl;
  const name = values.stack === "dev" ? "" : ` -- --stack ${values.stack}`;
  console.log(`
  Airflow   ${outputs.webserverUrl}${loopback ? `, while npm run open${name} runs` : ""}
  Flower    ${loopback ? `http://127.0.0.1:${flowerPort}, likewise` : outputs.flowerUrl}
  login     ${outputs.adminUser}, with the password that this prints:
            ${values.stack === "dev" ? "" : `PULUMI_STACK=${values.stack} `}npm run --silent pulumi -- stack output adminPassword --show-secrets
  ${platform === "docker" ? "your DAGs go to dags/, and are read without a deployment" : "your DAGs are those that the stack file names"}
  npm run down${name} removes all this and keeps the data`);
});
