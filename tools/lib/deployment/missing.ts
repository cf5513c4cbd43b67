import { onEngine } from "../../../platforms/docker/ownership.ts";
import { absentData } from "../../../platforms/look.ts";
import { type DeployedMachine, machinesOf } from "../../../platforms/machines.ts";
import type { Found } from "../../../platforms/ownership/claims.ts";
import { isVolume, keyOnMachine, knownFrom } from "../../../platforms/ownership/known.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { print } from "../commandLine/terminal.ts";
import { dropping } from "../forget.ts";
import { type Named, namedIn } from "../spare.ts";
import type { Stack } from "../stack.ts";
import { type ExportedState, hasSucceeded, isJob, readState, writeState } from "../state.ts";

/**
 * Selects the resources of a state that engines do not have. A job that has succeeded is not missed if its container was cleared
 * away, but on an engine without a volume the job has to fill that again.
 */
export function missingOn(named: readonly Named[], found: readonly Found[]): readonly Named[] {
  const there = new Set(found.map(keyOnMachine));
  const missing = named.filter(({ claim }) => !there.has(keyOnMachine(claim)));
  const emptied = new Set(
    missing.filter(({ claim }) => isVolume(claim)).map(({ claim }) => claim.machine?.name),
  );
  return missing.filter(
    ({ resource, claim }) => emptied.has(claim.machine?.name) || !(isJob(resource) && hasSucceeded(resource)),
  );
}

/** Describes what an engine lacks; a volume begins empty, which only the person can mend who has its data. */
export function describeMissing(machine: DeployedMachine | undefined, missing: readonly Named[]): string {
  const names = (volumes: boolean) =>
    missing
      .flatMap(({ claim }) => (isVolume(claim) === volumes ? [`${claim.kind} ${claim.name}`] : []))
      .sort();
  const place = machine ? `machine ${machine.name}` : "the Docker engine";
  const others = names(false);
  const volumes = names(true);
  return [
    `  ${place} lacks what the state has of it, which is made again:`,
    ...(others.length > 0 ? [`    ${others.join(", ")}`] : []),
    ...(volumes.length > 0 ? [`    ${volumes.join(", ")}: without data, which was lost`] : []),
  ].join("\n");
}

/** Lists the resources of a stack on an engine; undefined if the engine does not answer, which the deployment itself reports. */
async function foundOn(machine: DeployedMachine | undefined): Promise<readonly Found[] | undefined> {
  let answers = true;
  const found = await onEngine(machine, () => {
    answers = false;
  }).catch(() => undefined);
  return answers ? found : undefined;
}

/**
 * Drops from the state of a stack on engines what was removed by hand or with a machine, so that the next deployment makes it
 * again: Pulumi believes its state. Leaves the state as it is if data is missing without which the deployment is refused.
 * @returns the state afterwards
 */
export async function withoutMissing(
  stack: Stack,
  settings: Settings,
  state: ExportedState,
): Promise<ExportedState> {
  const { resources = [] } = state.deployment;
  const named = namedIn(resources, machinesOf(settings));
  const engines = [...new Map(named.map(({ claim: { machine } }) => [machine?.name, machine])).values()];
  const answers = await Promise.all(
    engines.map(async (machine) => ({ machine, found: await foundOn(machine) })),
  );
  const found = answers.flatMap((one) => one.found ?? []);
  if (absentData(settings, found, knownFrom(resources)).length > 0) return state;
  const lacking = answers.flatMap(({ machine, found: there }) => {
    const here = named.filter(({ claim }) => claim.machine?.name === machine?.name);
    const missing = there ? missingOn(here, there) : [];
    return missing.length > 0 ? [{ machine, missing }] : [];
  });
  if (lacking.length === 0) return state;
  for (const { machine, missing } of lacking) print(describeMissing(machine, missing));
  const urns = lacking.flatMap(({ missing }) => missing.map(({ resource }) => resource.urn));
  const left = dropping(await readState(stack), new Set(urns));
  await writeState(stack, left);
  return left;
}
