import { capabilities } from "../capabilities.ts";
import { setFlags } from "../deploymentFlags.ts";
import { movedFault } from "../platforms/docker/movedData.ts";
import { checkEngine } from "../platforms/docker/preflight/here.ts";
import { checkAnswers } from "../platforms/docker/preflight/preflight.ts";
import { machinesIn, machinesOf } from "../platforms/machines.ts";
import { usedImages } from "../platforms/usedImages.ts";
import { placedServices, type Settings } from "../settings/model/groups.ts";
import { stackFlag } from "../settings/model/names/stackFlag.ts";
import { readText } from "../settings/read/yaml/text.ts";
import { cargoFor, prepareImages } from "./images.ts";
import type { AirflowApi } from "./lib/airflow.ts";
import { forgetBegin } from "./lib/backup/present.ts";
import { boundsOf, warnings } from "./lib/bounds/bounds.ts";
import { removeOldImages } from "./lib/bounds/images.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { deploy } from "./lib/deployment/deploy.ts";
import { stopWorkers } from "./lib/drain.ts";
import { urnsOn } from "./lib/forget.ts";
import { main, reasonOf, run } from "./lib/process.ts";
import { faultsOfDags } from "./lib/proof/dags.ts";
import { greeting } from "./lib/proof/greeting.ts";
import { earlyProver, prove } from "./lib/proof/proof.ts";
import type { Prover } from "./lib/proof/run.ts";
import { overApi } from "./lib/reach/api.ts";
import { isElsewhere } from "./lib/reach/reach.ts";
import { Stack } from "./lib/stack.ts";
import { type ExportedState, readState } from "./lib/state.ts";
import { execOf, instancesOf } from "./lib/status/inside.ts";
import { keptImages, noteDeployment, whoIsHere } from "./lib/upgrade/deployments.ts";
import { checkVersions, endUpgrade } from "./upgrade/guard.ts";

/** Flags that exclude resources, present or new, on machines that are down. */
function leaving(down: readonly string[], state: ExportedState, { groups }: Settings): string[] {
  const known = down.flatMap((machine) => urnsOn(state, machine));
  const fresh = placedServices(groups)
    .filter(({ machine }) => down.includes(machine ?? ""))
    .map(({ name }) => `**::${name}-*`);
  return [...known, ...fresh].flatMap((urn) => ["--exclude", urn]);
}

/**
 * Sends images to the machines that answer; lets workers finish their tasks on machines that the stack has dropped.
 * @returns names of machines that are down, if they may be, flags for the deployment, and what undoes the stop of workers
 */
async function prepare(stack: Stack, settings: Settings) {
  const machines = machinesOf(settings);
  const down = await checkAnswers(machines);
  if (capabilities[settings.platform].localImages && machines.length === 0) await checkEngine();
  await prepareImages(settings, down);
  if (machines.length === 0) return { down, flags: [], restarts: [] };
  const state = await readState(stack);
  const { resources = [] } = state.deployment;
  const moved = movedFault(settings, resources);
  if (moved !== undefined) throw new Error(moved);
  const listed = machines.map(({ name }) => name);
  const dropped = machinesIn(resources).filter(({ name }) => !listed.includes(name));
  const restarts: (() => Promise<void>)[] = [];
  for (const machine of dropped) restarts.push(await stopWorkers(machine, stack.prefix));
  return { down, flags: leaving(down, state, settings), restarts };
}

interface Options {
  /** Text of the stack file at the begin of the command. */
  readonly text: string;
  /** Machines that are down. */
  readonly down: readonly string[];
  /** Begin of the command, if faults of DAGs fail it: pushed before, they count. */
  readonly strict: Date | undefined;
  readonly step: (text: string) => void;
  readonly early: Prover | undefined;
}

/** Proves that every queue and worker of a deployed stack works, and reports faults of its DAGs. */
async function tryOut(stack: Stack, settings: Settings, api: AirflowApi, options: Options) {
  const { down, strict, step, early } = options;
  step("Proof: a task through every queue and on every worker");
  const proved = await prove(stack, settings, api, down, early).catch((error: Error) => error);
  if (typeof proved === "string") step(proved);
  const faults = await faultsOfDags(stack, settings, api, strict);
  if (faults.length > 0) print(`\nWrong with your DAGs:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  if (typeof proved !== "string") throw proved;
  if (strict && faults.length > 0) throw new Error("\nDeployed; --strict expects DAGs without faults.");
}

/** Describes what is about to be deployed, for `npm run rollback`: files may be edited meanwhile. */
async function described(stack: Stack, { version, images }: Settings) {
  const text = readText(stack.file);
  const git = (...args: string[]) => run("git", args).then((output) => output.trim());
  const revision = await git("rev-parse", "--short=12", "HEAD").catch(() => undefined);
  const isChanged =
    revision !== undefined && (await git("status", "--porcelain").catch(() => "unknown")) !== "";
  return {
    who: whoIsHere(),
    version,
    images,
    ...(revision !== undefined && { revision: `${revision}${isChanged ? "+" : ""}` }),
    text,
  };
}

/** Deploys a stack, shows where it is, and tries it out. */
async function deployAndTryOut(
  stack: Stack,
  settings: Settings,
  flags: readonly string[],
  options: Options,
): Promise<void> {
  const { text, step } = options;
  // Versions, machines and images were looked at for the earlier text.
  if (readText(stack.file) !== text)
    throw new Error(`${stack.file} was edited meanwhile; nothing was deployed. Run this command again.`);
  step(`Deployment of stack ${stack.name}`);
  await deploy(stack, settings, flags);
  const [outputs, machines] = await Promise.all([stack.outputs(), instancesOf(stack, settings)]);
  const localUrl = `http://127.0.0.1:${settings.webserverPort}`;
  const isTunnelled = isElsewhere(settings) && outputs.webserverUrl === localUrl;
  step("Deployed");
  print(greeting(stack.name, settings, outputs, isTunnelled));
  const bounds = await boundsOf(settings, machines, execOf(stack, settings));
  for (const line of warnings(bounds, new Date())) print(`  warning: ${line}`);
  await overApi(stack, settings, (api) => tryOut(stack, settings, api, options), outputs);
}

await main(async () => {
  const { flags: given } = commandLine("up");
  const begin = Date.now();
  const step = (text: string) => print(`[${Math.round((Date.now() - begin) / 1000)} s] ${text}`);
  const stack = new Stack(given.stack);
  if (await endUpgrade(stack)) return;
  const settings = stack.settings();
  const made = await described(stack, settings);
  await checkVersions(stack, settings);
  const { platform, groups } = settings;
  setFlags(given);
  const { engines } = capabilities[platform];
  step(engines ? "Docker engine and images" : "Cluster");
  const { down, flags, restarts } = engines
    ? await prepare(stack, settings)
    : { down: [], flags: [], restarts: [] };
  const early = engines ? await earlyProver(stack) : undefined;
  const options = { text: made.text, down, strict: given.strict ? new Date(begin) : undefined, step, early };
  // The program would keep this command from its end.
  await deployAndTryOut(stack, settings, flags, options)
    .catch(async (error) => {
      for (const restart of restarts)
        await restart().catch((reason: unknown) =>
          print(`  workers were not started again: ${reasonOf(reason)}`),
        );
      throw error;
    })
    .finally(() => early?.child.stdin.end());
  noteDeployment(stack, { ...made, at: new Date().toISOString() });
  forgetBegin(stack);
  const reached = cargoFor(settings).filter(({ machine }) => !down.includes(machine.name));
  const here = [...usedImages(settings).map((name) => settings.images[name]), ...keptImages(stack)];
  await removeOldImages(reached, here, settings.dagsImage).catch(({ message }: Error) =>
    print(`  warning: old images were not removed: ${message}`),
  );
  if (down.length === 0) return;
  const lines = down.map((machine) => {
    const missing = groups.filter((group) => group.machine === machine);
    return `  ${machine}: ${missing.map(({ name, workers }) => `${workers} of ${name}`).join(", ") || "no workers"}`;
  });
  throw new Error(
    `\nMissing, because their machines are down; all others are up to date:\n${lines.join("\n")}\n` +
      `Run this again when the machines are up, or remove them from ${stack.file}, then npm run forget -- ${down[0]}${stackFlag(stack.name)}`,
  );
});
