import { existsSync } from "node:fs";
import { forPlatform } from "../../capabilities.ts";
import { onEngines } from "../../platforms/docker/ownership.ts";
import { contextFlags, inCluster } from "../../platforms/kubernetes/ownership.ts";
import { type DeployedMachine, machineOf, machinesIn, machinesOf } from "../../platforms/machines.ts";
import type { Claim, Found } from "../../platforms/ownership/claims.ts";
import { absence, describeClaim, missingData, strangers, wholly } from "../../platforms/ownership/judge.ts";
import { claimOf, type KnownOwnership, keyOnMachine, knownFrom } from "../../platforms/ownership/known.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { print } from "./commandLine/terminal.ts";
import { removalNote } from "./recovery/protection.ts";
import type { Stack } from "./stack.ts";
import { marking, providerOf, type Resource, readState, writeState } from "./state.ts";

/** A resource of a state, and its name on its engine or in its cluster. */
export interface Named {
  readonly resource: Resource;
  readonly claim: Claim;
}

/**
 * Lists the resources of a state that have names.
 * @param machines of the stack file; the state knows those that were removed there
 */
export function namedIn(
  resources: readonly Resource[],
  machines: readonly DeployedMachine[],
): readonly Named[] {
  const known = [...machines, ...machinesIn(resources)];
  return resources.flatMap((resource) => {
    const claim = claimOf(resource);
    if (claim === undefined) return [];
    const machine = machineOf(providerOf(resource), machines, known);
    return [{ resource, claim: { ...claim, machine } }];
  });
}

/** Lists the claims of resources that are deleted by name, each with its URN; containers and networks are deleted by id. */
function claimsOf(
  resources: readonly Resource[],
  machines: readonly DeployedMachine[],
): readonly (readonly [urn: string, claim: Claim])[] {
  return namedIn(resources, machines).flatMap(({ resource: { urn }, claim }) =>
    claim.kind === "container" || claim.kind === "network" ? [] : [[urn, claim] as const],
  );
}

/** Lists the URNs of resources with names that others have; another's namespace includes all resources of its cluster. */
export function spared(
  resources: readonly Resource[],
  machines: readonly DeployedMachine[],
  foreign: readonly Found[],
): readonly string[] {
  const keys = new Set(foreign.map(keyOnMachine));
  const inNamespace = foreign.some(({ kind }) => kind === "namespace");
  const claims = claimsOf(resources, machines);
  const taken = new Set(claims.flatMap(([urn, claim]) => (keys.has(keyOnMachine(claim)) ? [urn] : [])));
  const isTheirs = ({ type, urn }: Resource) =>
    (inNamespace && type.startsWith("kubernetes:")) || taken.has(urn);
  return resources.filter(isTheirs).map(({ urn }) => urn);
}

/** Lists the URNs of a stack's own volumes that `destroy` would leave on their machines. */
export function leftVolumes(resources: readonly Resource[], spared: readonly string[]): readonly string[] {
  const isLeft = (one: Resource) => one.retainOnDelete && claimOf(one)?.kind === "volume";
  return resources.filter((one) => isLeft(one) && !spared.includes(one.urn)).map(({ urn }) => urn);
}

/**
 * Makes the next `destroy` spare other installations' resources whose names are in the state.
 * @returns ownership according to the state, and {@link leftVolumes}
 * @throws Error if none of the stack's data is there
 */
export async function spare(
  stack: Stack,
  settings: Settings,
): Promise<{ readonly known: KnownOwnership; readonly left: readonly string[] }> {
  // A removal that was cut off may have removed all volumes, and is to be completed. The next line ends the note.
  const isCutOff = existsSync(stack.beside(removalNote, "json"));
  const state = await readState(stack);
  const { resources = [] } = state.deployment;
  const known = knownFrom(resources);
  const machines = machinesOf(settings);
  const claims = claimsOf(resources, machines).map(([, claim]) => claim);
  const find = forPlatform<(onAbsence: () => void) => Promise<readonly Found[]>>(settings.platform, {
    docker: (onAbsence) => onEngines(claims, onAbsence),
    kubernetes: () => inCluster(claims, contextFlags(settings.kubernetes)),
  });
  const { found, isWhole } = await wholly(find);
  const missing = isWhole && !isCutOff ? missingData(found, known, false) : [];
  if (missing.length > 0) throw new Error(absence(missing, stack.name));
  const foreign = strangers(found, known);
  const theirs = spared(resources, machines, foreign);
  const outcome = { known, left: leftVolumes(resources, theirs) };
  if (foreign.length === 0) return outcome;
  for (const one of foreign) print(`  not removed: ${describeClaim(one)}`);
  await writeState(stack, marking(state, theirs, { retainOnDelete: true }));
  return outcome;
}
