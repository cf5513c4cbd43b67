import { parseArgs } from "node:util";
import { AirflowApi, summary } from "./airflow.ts";
import { ensureImages } from "./images.ts";
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
  step("Docker engine and images");
  await ensureImages();
  step(`Deployment of stack ${values.stack}`);
  const stack = new Stack(values.stack);
  await stack.up("--suppress-outputs");
  const outputs = await stack.outputs();
  step(`Proof: ${dag} on ${outputs.workers.length} worker(s)`);
  if (outputs.workers.length === 0)
    throw new Error("There are no workers: set airflow:workers to at least 1.");
  await prove(new AirflowApi(outputs));
  step(`${dag} is green.

  Airflow   ${outputs.webserverUrl}
  Flower    ${outputs.flowerUrl}
  login     ${outputs.adminUser}, with the password that this prints:
            npm run --silent pulumi -- stack output adminPassword --show-secrets
  your DAGs go to dags/, and are read without a deployment
  npm run down removes all this and keeps the data`);
});
