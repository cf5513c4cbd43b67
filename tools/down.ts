import { existsSync } from "node:fs";
import { capabilities } from "../capabilities.ts";
import { onEngine } from "../platforms/docker/ownership.ts";
import { clientEnvironment, machinesOf } from "../platforms/machines.ts";
import { refuseGuests } from "../platforms/ownership/guests.ts";
import { strangers } from "../platforms/ownership/judge.ts";
import type { KnownOwnership } from "../platforms/ownership/known.ts";
import type { Settings } from "../settings/model/groups.ts";
import { forgetBegin } from "./lib/backup/present.ts";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { answerTo } from "./lib/commandLine/confirm.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { sweep } from "./lib/dags/container.ts";
import { main, run } from "./lib/process.ts";
import { spare } from "./lib/spare.ts";
import { Stack } from "./lib/stack.ts";
import { forgetDeployments } from "./lib/upgrade/deployments.ts";
import { keptOf } from "./lib/upgrade/record.ts";

/** Removes what killed commands have left on the engines of a stack; others' containers in its network or volumes are refused. */
async function clearEngines(settings: Settings, known: KnownOwnership, volumes: boolean): Promise<void> {
  if (!capabilities[settings.platform].engines) return;
  const machines = machinesOf(settings);
  // The removal of the stack reports an engine that does not answer.
  await Promise.all((machines.length > 0 ? machines : [undefined]).map((one) => sweep(one).catch(() => {})));
  await refuseGuests(machines, known, volumes ? ["network", "volume"] : ["network"]);
}

/** Removes volumes of earlier deployments, which are not in the state, from machines other than the first. */
async function removeVolumes(settings: Settings, known: KnownOwnership): Promise<void> {
  const [, ...others] = machinesOf(settings);
  for (const machine of others) {
    const volumes = (await onEngine(machine)).filter(({ kind }) => kind === "volume");
    const foreign = strangers(volumes, known);
    const names = volumes.filter((volume) => !foreign.includes(volume)).map(({ name }) => name);
    if (names.length > 0)
      await run("docker", ["volume", "rm", ...names], { env: clientEnvironment(machine) });
  }
}

/**
 * Asks whether data may be removed.
 * @throws Error unless the answer is the stack's name
 */
async function confirmRemoval({ name }: Stack): Promise<void> {
  const loss = `This removes all data of stack ${name} permanently: its volumes and its secrets.`;
  const unasked = `${loss} Nothing was removed; expected --yes where no terminal can ask.`;
  const answer = await answerTo(`${loss} To go on, type the name of the stack: `, unasked);
  if (answer !== name) throw new Error(`Nothing was removed: the answer is ${answer}; expected ${name}.`);
}

await main(async () => {
  const { flags } = commandLine("down");
  const stack = new Stack(flags.stack);
  if (flags.volumes && !flags.yes) await confirmRemoval(stack);
  const settings = existsSync(stack.file) ? stack.deployed() : undefined;
  const found = settings && (await spare(stack, settings));
  if (settings && found) await clearEngines(settings, found.known, flags.volumes ?? false);
  if (flags.volumes) {
    await stack.destroyAll(found?.left);
    await keptOf(stack).remove();
    forgetDeployments(stack);
    forgetBegin(stack);
    if (settings && found) await removeVolumes(settings, found.known);
  } else {
    await stack.destroyAllButData();
    print(
      "Data volumes and secrets are kept for the next npm run up; npm run down -- --volumes removes them.",
    );
  }
});
