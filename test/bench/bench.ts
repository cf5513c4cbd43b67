import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { ensureImages, standard } from "../../tools/images.ts";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, project } from "../../tools/lib/process.ts";
import { writeFigures } from "../figures.ts";
import { onDocker } from "../live/targets/docker.ts";
import { Release } from "./cluster/release.ts";
import { StackInCluster } from "./cluster/stackInCluster.ts";
import { Compose } from "./compose.ts";
import { dockerContainers } from "./containers.ts";
import type { Deployment } from "./deployment.ts";
import { idle, monitoring, previews, start } from "./measures.ts";
import { removing } from "./removing.ts";
import { type Measured, pages, type Results, show, table } from "./report.ts";
import { StackDeployment } from "./stackDeployment.ts";
import { machine } from "./usage.ts";
import { workOf } from "./work.ts";

const ports = { stack: 18300, monitoring: 18304, other: 18310 };
const dags = join(import.meta.dirname, "dags");

/** Deployments to measure on each platform. */
const platforms = {
  docker: {
    stack: () => new StackDeployment(onDocker, ports.stack, dags, dockerContainers),
    name: "compose",
    other: () => Compose.prepare(dags, ports.other),
  },
  kubernetes: {
    stack: () => new StackInCluster(ports.stack, dags),
    name: "chart",
    other: () => Release.prepare([join(project, "dags"), dags], ports.other),
  },
} as const;

type Platform = keyof typeof platforms;

/** Brings up a deployment once from nothing; the last round also measures it while it runs. */
async function round<D extends Deployment>(
  deployment: D,
  measured: Measured,
  last: boolean,
  more: (deployment: D) => Promise<void> = async () => {},
): Promise<void> {
  const work = async () => {
    await deployment.clear();
    measured.starts.push(await start(deployment));
    if (!last) return;
    measured.idle = await idle(deployment.containers);
    measured.work = await workOf(deployment.outputs, deployment.containers);
    if (deployment.replaceWebserver) measured.requests = await deployment.replaceWebserver();
    await more(deployment);
  };
  await removing(work, () => deployment.remove());
}

/** @throws Error if a flag has another value than expected */
function wanted(): { readonly rounds: number; readonly platform: Platform } {
  const { rounds = "3", platform = "docker" } = commandLine("bench").flags;
  const known = Object.keys(platforms).find((name): name is Platform => name === platform);
  if (known && Number.isInteger(Number(rounds)) && Number(rounds) > 0)
    return { rounds: Number(rounds), platform: known };
  throw new Error(
    `--rounds ${rounds} --platform ${platform}: expected a whole number from 1, and one of ${Object.keys(platforms).join(", ")}.`,
  );
}

await main(async () => {
  const { rounds, platform } = wanted();
  const { stack, name, other } = platforms[platform];
  await ensureImages(platform === "docker" ? [...standard, "monitoring"] : standard);
  const others = loadavg()[0] ?? 0;
  if (others > cpus().length / 4)
    console.log(`  the load is ${others.toFixed(1)} before the start; the figures suffer from that`);
  const results: Results = { stack: { starts: [] }, other: { starts: [] }, name };
  for (let count = 1; count <= rounds; count++) {
    const last = count === rounds;
    console.log(`Round ${count} of ${rounds}: pulumi up`);
    await round<StackDeployment>(stack(), results.stack, last, async ({ stack }) => {
      results.previews = await previews(stack);
      if (platform === "docker") results.monitoring = await monitoring(stack, ports.monitoring);
    });
    console.log(`Round ${count} of ${rounds}: ${name}`);
    await round<Deployment>(await other(), results.other, last);
  }
  console.log(`\nOn ${machine()}, load ${others.toFixed(1)} before the start\n`);
  show(results);
  const heading = `On ${machine()}, ${rounds === 1 ? "one round" : `median of ${rounds} rounds`}, load ${others.toFixed(1)} before the start:`;
  writeFigures(pages[platform], `${heading}\n\n${table(results)}`);
});
// After an interruption, the abandoned work would go on waiting.
process.exit();
