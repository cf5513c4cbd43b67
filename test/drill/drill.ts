import { rmSync } from "node:fs";
import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main } from "../../tools/lib/process.ts";
import type { Deployment } from "./deployments/deployment.ts";
import { deployments } from "./deployments/deployments.ts";
import { drill } from "./drilling.ts";
import { minimise } from "./minimise.ts";
import {
  descriptionOf,
  inTime,
  type PlannedFault,
  type ScheduleLimits,
  scheduleOf,
} from "./plan/schedule.ts";
import { scheduleReport } from "./results/report.ts";
import { addResult, type Result, resultsFile, type Subject } from "./results/results.ts";
import { writeTables } from "./results/table.ts";
import { addTally, readTallies, seedsLeft, tallyFile, tallyOf } from "./results/tally.ts";

const usage = "npm run drill -- --help explains all arguments.";

/** Maximum number of runs, of two minutes each, to spend on shrinking a failing schedule. */
const mostRuns = 8;

/** Parsed command line. */
interface Options {
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
  throw new Error(
    `--${name} is ${text ?? "missing"}; expected a whole number of at least ${least}.\n${usage}`,
  );
}

function optionsGiven(): Options {
  const { flags } = commandLine("drill");
  const { platform = "docker", against, seed, schedules = "1", faults = "5" } = flags;
  const subject = Object.keys(deployments).find((name) => name === (against ?? platform));
  if (subject === undefined)
    throw new Error(
      `${against === undefined ? "--platform" : "--against"} is ${against ?? platform}; expected one of ${Object.keys(deployments).join(", ")}.\n${usage}`,
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

/** Shrinks a failing schedule to faults that still cause a flaw of one of the same kinds. */
async function smaller(
  deployment: Deployment,
  seed: number,
  faults: readonly PlannedFault[],
  failed: Result,
) {
  const flaws = new Set(failed.findings.map(({ flaw }) => flaw));
  const fails = async (some: readonly PlannedFault[]) => {
    console.log(`  repeating seed ${seed} with ${some.length} of its ${faults.length} faults`);
    const { findings } = await drill(deployment, seed, inTime(faults, some));
    return findings.some(({ flaw }) => flaws.has(flaw));
  };
  return inTime(faults, await minimise(faults, fails, mostRuns));
}

async function runSeed(deployment: Deployment, seed: number, options: Options): Promise<Result> {
  const { platform, layout } = deployment;
  const shape: ScheduleLimits = { platform, layout, count: options.faults, longest: 120, calm: [3, 12] };
  const faults = scheduleOf(seed, shape).filter(({ kind }) => !deployment.without.includes(kind));
  console.log(`Schedule ${seed} on ${deployment.subject}`);
  const result = await drill(deployment, seed, faults);
  console.log(scheduleReport(result));
  if (result.findings.length === 0 || !options.minimise) return result;
  const suffices = (await smaller(deployment, seed, faults, result)).map(descriptionOf);
  console.log(`  seed ${seed} fails with these faults alone:\n    ${suffices.join("\n    ")}`);
  return { ...result, suffices };
}

await main(async () => {
  const options = optionsGiven();
  if (options.fresh) for (const file of [resultsFile, tallyFile]) rmSync(file, { force: true });
  const seeds = seedsLeft(readTallies(), options.subject, options.seed, options.schedules);
  const failed: number[] = [];
  const deployment = await deployments[options.subject]();
  try {
    for (const seed of seeds) {
      const result = await runSeed(deployment, seed, options);
      addResult(result);
      addTally(tallyOf(result));
      writeTables(readTallies());
      if (result.findings.length > 0) failed.push(seed);
    }
  } finally {
    await (options.remove ? deployment.remove() : deployment.rest());
  }
  const earlier = options.schedules - seeds.length;
  console.log(
    `${seeds.length} schedules run; ${earlier} have a result of an earlier run (--fresh forgets it).`,
  );
  if (failed.length > 0)
    throw new Error(`Failed: seeds ${failed.join(", ")}; ${resultsFile} has the findings.`);
});
