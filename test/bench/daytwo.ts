import { cpSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { defaultVersion } from "../../settings/schema/versions.ts";
import { ensureImages } from "../../tools/images.ts";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main } from "../../tools/lib/process.ts";
import { writeFigures } from "../figures.ts";
import { cloneFor } from "../live/lib/clone.ts";
import { TestStack } from "../live/lib/harness.ts";
import { sweep } from "../live/targets/docker.ts";
import { fill } from "./daytwo/fill.ts";
import { watched } from "./daytwo/locks.ts";
import { Pulse } from "./daytwo/pulse.ts";
import { type DataFigures, dataText, pages, type UpgradeFigures, upgradeText } from "./daytwo/report.ts";
import {
  type Bench,
  backup,
  clean,
  idle,
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

function given() {
  const { flags } = commandLine("bench:daytwo");
  const instances = Number(flags.instances ?? "1000000");
  const names = ["data", "upgrade"] as const;
  const wanted = names.filter((name) => flags.only === undefined || flags.only === name);
  // Each of the twenty DAGs has ten tasks.
  if (Number.isInteger(instances) && instances >= 200 && wanted.length > 0) return { instances, wanted };
  throw new Error(
    `--instances ${flags.instances ?? ""} --only ${flags.only ?? ""}: expected a whole number from 200, and one of ${names.join(", ")}.`,
  );
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

async function measureData(instances: number): Promise<DataFigures> {
  const steps: Step[] = [];
  const past = `idle, with ${instances} task instances`;
  let others: Omit<DataFigures, "steps"> | undefined;
  await onStack(defaultVersion, async (bench) => {
    steps.push(await idle(bench, "idle, with an empty database"));
    const empty = await look(bench);
    await fill(bench.stack, instances);
    steps.push(await idle(bench, past));
    steps.push(await backup(bench));
    const made = await latestBackup(bench);
    const full = await look(bench);
    steps.push(await restore(bench, made));
    steps.push(await idle(bench, `${past}, restored`));
    await postponeCleaning(bench);
    const cleaned = await clean(bench);
    steps.push(cleaned.step);
    others = { made, cleaned, looks: [empty, full] };
  });
  if (!others) throw new Error("The steps left no figures.");
  return { steps, ...others };
}

async function measureUpgrade(instances: number): Promise<UpgradeFigures> {
  const steps: Step[] = [];
  let told = "";
  await onStack(earlier, async (bench) => {
    await fill(bench.stack, instances);
    steps.push(await idle(bench, `idle on ${earlier}, with ${instances} task instances`));
    const rehearsed = await rehearse(bench, defaultVersion);
    steps.push(rehearsed.step);
    told = rehearsed.told;
  });
  return { steps, told };
}

/** Parts, each on a stack of its own, with the text of their figures. */
const parts = {
  data: async (instances: number) => dataText(await measureData(instances)),
  upgrade: async (instances: number) => upgradeText(await measureUpgrade(instances)),
};

await main(async () => {
  const { instances, wanted } = given();
  await ensureImages(["backup"]);
  for (const part of wanted) {
    const others = (loadavg()[0] ?? 0).toFixed(1);
    const figures = await parts[part](instances);
    const text = `On ${machine()}, ${instances} task instances, load ${others} before the start:\n\n${figures}`;
    console.log(`\n${text}\n`);
    writeFigures(pages[part], text);
  }
});
// After an interruption, the abandoned work would go on waiting.
process.exit();
