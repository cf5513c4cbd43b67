import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureImages } from "../../tools/images.ts";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, waitFor } from "../../tools/lib/process.ts";
import { TestStack } from "../live/lib/harness.ts";
import { onDocker } from "../live/targets/docker.ts";
import { onKubernetes } from "../live/targets/kubernetes.ts";
import { replaced } from "../live/targets/target.ts";
import { secondsSince } from "./usage.ts";

const platforms = { docker: onDocker, kubernetes: onKubernetes };
const places = 4;

/** Lowest share of the best rate that passes: a rate may be a third lower. */
const leastShare = 2 / 3;

interface Burst {
  readonly workers: number;
  readonly seconds: number;
  /** Tasks that succeeded at the first try. */
  readonly first: number;
  /** Instances that were restarted or replaced. */
  readonly restarted: readonly string[];
}

function wanted() {
  const defaults = { platform: "docker", workers: "2,8,20", tasks: "1000" };
  const values = { ...defaults, ...commandLine("bench:burst").flags };
  const platform = Object.entries(platforms).find(([name]) => name === values.platform)?.[1];
  const [workers, tasks] = [values.workers.split(",").map(Number), Number(values.tasks)];
  const isCount = (count: number) => Number.isInteger(count) && count > 0;
  if (platform && workers.every(isCount) && isCount(tasks) && tasks <= 1024)
    return { platform, workers, tasks };
  throw new Error(
    `--platform ${values.platform} --workers ${values.workers} --tasks ${values.tasks}: expected one of ${Object.keys(platforms).join(", ")}, whole numbers with commas, and a whole number up to 1024.`,
  );
}

async function burst(stack: TestStack, workers: number, tasks: number): Promise<Burst> {
  // Many workers open more connections than Postgres takes by default: each worker up to five.
  const postgres = { settings: { max_connections: Math.max(200, 60 + 5 * workers) } };
  const webservers = Math.ceil(workers / 30);
  await stack.up({ workers, workerConcurrency: places, workerMemory: 1024, webservers, postgres });
  await waitFor("burst to be read", 120, () => stack.api.call("/dags/burst"));
  const before = await stack.instances();
  const begin = Date.now();
  const run = await stack.trigger("burst", { count: tasks });
  const done = async () => {
    const { state } = (await stack.api.dagRun("burst", run)) ?? {};
    return state === "success" || state === "failed" || undefined;
  };
  // A busy webserver may refuse a request; the next one tells.
  await waitFor(`${tasks} tasks on ${workers} workers`, 1800, () => done().catch(() => undefined), 2);
  const seconds = secondsSince(begin);
  const seen = await stack.api.tasks("burst", run);
  const first = seen.filter(
    ({ task_id, state, try_number }) => task_id === "noop" && state === "success" && try_number === 1,
  );
  console.log(`  ${workers} workers: ${first.length} at their first try in ${Math.round(seconds)} s`);
  return { workers, seconds, first: first.length, restarted: replaced(before, await stack.instances()) };
}

function show(bursts: readonly Burst[], tasks: number): string[] {
  const rateOf = ({ seconds }: Burst) => (tasks / seconds) * 60;
  const best = Math.max(...bursts.map(rateOf));
  return bursts.flatMap((one) => {
    const share = rateOf(one) / best;
    const restarted = one.restarted.join(", ") || "nothing";
    console.log(
      `  ${one.workers} workers x ${places} places: ${one.first} of ${tasks} at their first try in ${Math.round(one.seconds)} s, ` +
        `${Math.round(rateOf(one))} a minute (${share.toFixed(2)} of the best), ${restarted} restarted`,
    );
    const isFine = one.first === tasks && one.restarted.length === 0 && share >= leastShare;
    return isFine ? [] : [`${one.workers} workers`];
  });
}

await main(async () => {
  const { platform, workers, tasks } = wanted();
  await ensureImages();
  const stack = new TestStack("livetest-burst", 18800, platform);
  cpSync(join(import.meta.dirname, "dags"), stack.dags, { recursive: true });
  try {
    const bursts: Burst[] = [];
    for (const count of workers) bursts.push(await burst(stack, count, tasks));
    const failed = show(bursts, tasks);
    if (failed.length > 0)
      throw new Error(`Load cost more than time, or too much of it: ${failed.join(", ")}`);
  } finally {
    await stack.remove().catch(() => platform.sweep(stack.prefix));
    rmSync(stack.folder, { recursive: true, force: true });
  }
});
