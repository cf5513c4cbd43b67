import { rmSync } from "node:fs";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main } from "../../tools/lib/process.ts";
import type { Deployment } from "./deployments/deployment.ts";
import { deployments } from "./deployments/deployments.ts";
import { drill } from "./drilling.ts";
import { minimise } from "./minimise.ts";
import { described, type Fault, inTime, type Shape, scheduleOf } from "./plan/schedule.ts";
import { told } from "./results/report.ts";
import {
  addResult,
  type Result,
  readResults,
  resultsFile,
  type Subject,
  seedsLeft,
} from "./results/results.ts";
import { writeTables } from "./results/table.ts";

const usage = "npm run drill -- --help explains all arguments.";

/** Most runs, of two minutes each, to spend on shrinking a failing schedule. */
const mostRuns = 8;

interface Asked {
  readonly seed: number;
  readonly schedules: number;
  readonly subject: Subject;
  readonly faults: number;
  readonly minimise: boolean;
  readonly fresh: boolean;
  readonly remove: boolean;
}

function wholeNumber(name: string, text: string | undefined, least: number): number {
  const value = Number(text);
  if (text !== undefined && Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} is ${text ?? "missing"}; expected a whole number from ${least}.\n${usage}`);
}

function asked(): Asked {
  const { flags } = commandLine("drill");
  const { platform = "docker", against, seed, schedules = "1", faults = "5" } = flags;
  const subject = Object.keys(deployments).find((name) => name === (against ?? platform));
  if (subject === undefined)
    throw new Error(
      `${against ?? platform} is nothing that can be drilled; expected one of ${Object.keys(deployments).join(", ")}.\n${usage}`,
    );
  return {
    seed: wholeNumber("seed", seed, 0),
    schedules: wholeNumber("schedules", schedules, 1),
    subject: subject as Subject,
    faults: wholeNumber("faults", faults, 1),
    minimise: !flags["no-minimise"],
    fresh: flags.fresh === true,
    remove: flags.remove === true,
  };
}

/** Shrinks a failing schedule to faults that still cause a flaw of the same kind. */
async function smaller(deployment: Deployment, seed: number, faults: readonly Fault[], failed: Result) {
  const sorts = new Set(failed.findings.map(({ flaw }) => flaw));
  const fails = async (some: readonly Fault[]) => {
    console.log(`  again with ${some.length} of its faults`);
    const { findings } = await drill(deployment, seed, inTime(faults, some));
    return findings.some(({ flaw }) => sorts.has(flaw));
  };
  return inTime(faults, await minimise(faults, fails, mostRuns));
}

async function runSeed(deployment: Deployment, seed: number, wanted: Asked): Promise<Result> {
  const { platform, layout } = deployment;
  const shape: Shape = { platform, layout, count: wanted.faults, longest: 120, calm: [3, 12] };
  const faults = scheduleOf(seed, shape).filter(({ kind }) => !deployment.without.includes(kind));
  console.log(`Schedule ${seed} on ${deployment.subject}`);
  const result = await drill(deployment, seed, faults);
  console.log(told(result));
  if (result.findings.length === 0 || !wanted.minimise) return result;
  const suffices = (await smaller(deployment, seed, faults, result)).map(described);
  console.log(`  seed ${seed} fails with no more than:\n    ${suffices.join("\n    ")}`);
  return { ...result, suffices };
}

await main(async () => {
  const wanted = asked();
  if (wanted.fresh) rmSync(resultsFile, { force: true });
  const seeds = seedsLeft(readResults(), wanted.subject, wanted.seed, wanted.schedules);
  const failed: number[] = [];
  const deployment = await deployments[wanted.subject]();
  try {
    for (const seed of seeds) {
      const result = await runSeed(deployment, seed, wanted);
      addResult(result);
      writeTables(readResults());
      if (result.findings.length > 0) failed.push(seed);
    }
  } finally {
    await (wanted.remove ? deployment.remove() : deployment.rest());
  }
  console.log(`${seeds.length} schedules run, ${wanted.schedules - seeds.length} had been run before.`);
  if (failed.length > 0) throw new Error(`Failed: seeds ${failed.join(", ")}`);
});
