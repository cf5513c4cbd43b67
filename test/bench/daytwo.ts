import { cpSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { defaultVersion } from "../../settings/schema/versions.ts";
import { ensureImages } from "../../tools/images.ts";
import type { ProvenBackup } from "../../tools/lib/backup/store.ts";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main } from "../../tools/lib/process.ts";
import { writeFigures } from "../figures.ts";
import { cloneFor } from "../live/lib/clone.ts";
import { TestStack } from "../live/lib/harness.ts";
import { sweep } from "../live/targets/docker.ts";
import { fill } from "./daytwo/fill.ts";
import { watched } from "./daytwo/locks.ts";
import { Pulse } from "./daytwo/pulse.ts";
import { figuresOf, page } from "./daytwo/report.ts";
import {
  type Bench,
  backup,
  type Cleaned,
  clean,
  idle,
  type Looks,
  latestBackup,
  look,
  postponeCleaning,
  rehearse,
  restore,
  type Step,
} from "./daytwo/steps.ts";
import { removing } from "./removing.ts";
import { machine } from "./usage.ts";

const name = "livetest-daytwo";

/** Version from which an upgrade is rehearsed. */
const earlier = "2.11.2";

function instancesWanted(): number {
  const given = commandLine("bench:daytwo").flags.instances ?? "1000000";
  const instances = Number(given);
  // Each of the twenty DAGs has ten tasks.
  if (Number.isInteger(instances) && instances >= 200) return instances;
  throw new Error(`--instances is ${given}; expected a whole number from 200.`);
}

/** Deploys a stack with backups, and removes it after the work. */
async function onStack(version: string, work: (bench: Bench) => Promise<void>): Promise<void> {
  const stack = new TestStack(name, 18900);
  cpSync(join(import.meta.dirname, "daytwo/dags"), stack.dags, { recursive: true });
  let clone: string | undefined;
  const deployed = async () => {
    console.log(`A stack of ${version}`);
    const schedule = { every: "24h", keep: 5 };
    await stack.up({ version, workers: 1, backup: schedule, postgres: { settings: watched } });
    clone = await cloneFor(stack);
    const pulse = new Pulse(() => stack.api);
    const bench = { stack, clone, pulse };
    await postponeCleaning(bench);
    await latestBackup(bench);
    await work(bench).finally(() => pulse.stop());
  };
  await removing(deployed, async () => {
    if (clone !== undefined) rmSync(clone, { recursive: true });
    await stack.remove().catch(() => sweep(stack.prefix));
    rmSync(stack.folder, { recursive: true, force: true });
  });
}

await main(async () => {
  const instances = instancesWanted();
  await ensureImages(["backup"]);
  const others = loadavg()[0] ?? 0;
  const steps: Step[] = [];
  const looks: Looks[] = [];
  let made: ProvenBackup | undefined;
  let cleaned: Cleaned | undefined;
  let told = "";
  const past = `idle, with ${instances} task instances`;
  await onStack(defaultVersion, async (bench) => {
    steps.push(await idle(bench, "idle, with an empty database"));
    looks.push(await look(bench));
    await fill(bench.stack, instances);
    steps.push(await idle(bench, past));
    steps.push(await backup(bench));
    made = await latestBackup(bench);
    looks.push(await look(bench));
    steps.push(await restore(bench, made));
    steps.push(await idle(bench, `${past}, restored`));
    await postponeCleaning(bench);
    cleaned = await clean(bench);
    steps.push(cleaned.step);
  });
  await onStack(earlier, async (bench) => {
    await fill(bench.stack, instances);
    steps.push(await idle(bench, `${past}, on ${earlier}`));
    const rehearsed = await rehearse(bench, defaultVersion);
    told = rehearsed.told;
    steps.push(rehearsed.step);
  });
  const [empty, full] = looks;
  if (!made || !cleaned || !empty || !full) throw new Error("A step left no figures.");
  const heading = `On ${machine()}, ${instances} task instances, load ${others.toFixed(1)} before the start:`;
  const text = `${heading}\n\n${figuresOf({ steps, made, cleaned, looks: [empty, full], told })}`;
  console.log(`\n${text}\n`);
  writeFigures(page, text);
});
// After an interruption, the abandoned work would go on waiting.
process.exit();
