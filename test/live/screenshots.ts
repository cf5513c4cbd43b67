import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureImages, standard } from "../../tools/images.ts";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, project } from "../../tools/lib/process.ts";
import { TestStack } from "./lib/harness.ts";
import { Pictures } from "./pictures.ts";

const dags = ["orders", "customers", "stock_forecast", "weekly_mail"];
const pictures = join(project, "docs/images");

/** Lets each DAG run once, side by side; returns the runs by DAG. */
async function round(stack: TestStack): Promise<ReadonlyMap<string, string>> {
  const runs = new Map<string, string>();
  for (const dag of dags) runs.set(dag, await stack.trigger(dag));
  return runs;
}

async function finished(stack: TestStack, runs: ReadonlyMap<string, string>): Promise<void> {
  for (const [dag, run] of runs) await stack.finished(dag, run);
}

async function take(stack: TestStack): Promise<void> {
  for (const number of [1, 2, 3, 4]) {
    console.log(`Round ${number}`);
    await finished(stack, await round(stack));
  }
  const page = new Pictures(stack.outputs, pictures);
  try {
    console.log("Pictures, while a round runs");
    const runs = await round(stack);
    await sleep(5000);
    await page.flower("flower-workers", "/workers", "celery@worker-gpu-1", 640);
    await page.monitoring("monitoring", "/consoles/index.html", "Places of all workers", 1150);
    await page.monitoring("monitoring-queues", "/consoles/queues.html", "Busy places by worker", 900);
    await page.flower("flower-broker", "/broker", "redis://", 380);
    await finished(stack, runs);
    await page.airflow(
      "airflow-grid",
      `/dags/orders/runs/${encodeURIComponent(runs.get("orders") ?? "")}`,
      "load_part",
      900,
    );
  } finally {
    await page.close();
  }
}

// Renews the pictures in docs/images, from a stack of their own with several DAGs: npm run screenshots
await main(async () => {
  commandLine("screenshots");
  await ensureImages([...standard, "monitoring"]);
  const stack = new TestStack("livetest-screenshots", 18120);
  cpSync(join(import.meta.dirname, "pictures"), stack.dags, { recursive: true });
  try {
    console.log("Deployment");
    await stack.up({
      workers: 2,
      workerGroups: [{ name: "gpu", queues: ["gpu"], concurrency: 2 }],
      monitoring: { retention: "1d" },
      monitoringPort: 18124,
    });
    await take(stack);
  } finally {
    console.log("Removal");
    await stack.remove();
  }
});
