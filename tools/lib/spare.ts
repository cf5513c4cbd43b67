import { forPlatform } from "../../capabilities.ts";
import { onEngines } from "../../platforms/docker/ownership.ts";
import { contextFlags, inCluster } from "../../platforms/kubernetes/ownership.ts";
import { type DockerMachine, machineOf, machinesOf } from "../../platforms/machines.ts";
import type { Claim, Found } from "../../platforms/ownership/claims.ts";
import { describeClaim, strangers } from "../../platforms/ownership/judge.ts";
import { claimOf, type KnownOwnership, keyOnMachine, knownFrom } from "../../platforms/ownership/known.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { print } from "./commandLine/terminal.ts";
import type { Stack } from "./stack.ts";
import { marking, providerOf, type Resource, readState, writeState } from "./state.ts";

/** Lists the claims of resources that are deleted by name; containers and networks are deleted by id. */
function claimsOf(resources: readonly Resource[], machines: readonly DockerMachine[]): readonly Claim[] {
  return resources.flatMap((resource) => {
    const claim = claimOf(resource);
    if (claim === undefined || claim.kind === "container" || claim.kind === "network") return [];
    return [{ ...claim, machine: machineOf(providerOf(resource), machines) }];
  });
}

/** Lists the URNs of resources with names that others have; another's namespace includes all resources of its cluster. */
export function spared(
  resources: readonly Resource[],
  machines: readonly DockerMachine[],
  foreign: readonly Found[],
): readonly string[] {
  const keys = new Set(foreign.map(keyOnMachine));
  const inNamespace = foreign.some(({ kind }) => kind === "namespace");
  const isTheirs = (resource: Resource) =>
    (inNamespace && resource.type.startsWith("kubernetes:")) ||
    claimsOf([resource], machines).some((claim) => keys.has(keyOnMachine(claim)));
  return resources.filter(isTheirs).map(({ urn }) => urn);
}

/**
 * Makes the next `destroy` spare other installations' resources whose names are in the state.
 * @returns ownership according to the state
 */
export async function spare(stack: Stack, settings: Settings): Promise<KnownOwnership> {
  const state = await readState(stack);
  const { resources = [] } = state.deployment;
  const known = knownFrom(resources);
  const machines = machinesOf(settings);
  const claims = claimsOf(resources, machines);
  const find = forPlatform(settings.platform, {
    docker: () => onEngines(claims),
    kubernetes: () => inCluster(claims, contextFlags(settings.kubernetes)),
  });
  const foreign = strangers(await find(), known);
  if (foreign.length === 0) return known;
  for (const one of foreign) print(`  not removed: ${describeClaim(one)}`);
  await writeState(stack, marking(state, spared(resources, machines, foreign), { retainOnDelete: true }));
  return known;
}
