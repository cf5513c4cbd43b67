import { forPlatform } from "../../capabilities.ts";
import { onEngines } from "../../platforms/docker/ownership.ts";
import { inCluster } from "../../platforms/kubernetes/ownership.ts";
import { type DockerMachine, machineOf, machinesOf } from "../../platforms/machines.ts";
import type { Claim, Found } from "../../platforms/ownership/claims.ts";
import { describeClaim, strangers } from "../../platforms/ownership/judge.ts";
import { claimOf, type Known, keyOnMachine, knownFrom } from "../../platforms/ownership/known.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { print } from "./commandLine/terminal.ts";
import { contextFlags, type Stack } from "./stack.ts";
import { type Deployment, providerOf, type Resource, readState, writeState } from "./state.ts";

/** Names by which a state's resources are deleted, with their machines; containers and networks are deleted by id. */
function claimsOf(resources: readonly Resource[], machines: readonly DockerMachine[]): readonly Claim[] {
  return resources.flatMap((resource) => {
    const claim = claimOf(resource);
    if (claim === undefined || claim.kind === "container" || claim.kind === "network") return [];
    return [{ ...claim, machine: machineOf(providerOf(resource), machines) }];
  });
}

/** URNs of resources at the strangers' names; a strange namespace includes all resources of its cluster. */
export function spared(
  resources: readonly Resource[],
  machines: readonly DockerMachine[],
  strange: readonly Found[],
): readonly string[] {
  const places = new Set(strange.map(keyOnMachine));
  const inNamespace = strange.some(({ kind }) => kind === "namespace");
  const isTheirs = (resource: Resource) =>
    (inNamespace && resource.type.startsWith("kubernetes:")) ||
    claimsOf([resource], machines).some((claim) => places.has(keyOnMachine(claim)));
  return resources.filter(isTheirs).map(({ urn }) => urn);
}

/** Marks resources to be dropped from a state without being deleted. */
export function retaining<T extends Deployment>(state: T, urns: readonly string[]): T {
  const { resources = [] } = state.deployment;
  const marked = resources.map((one) => (urns.includes(one.urn) ? { ...one, retainOnDelete: true } : one));
  return { ...state, deployment: { ...state.deployment, resources: marked } };
}

/**
 * Makes the next `destroy` spare other installations' resources whose names are in the state.
 * @returns ownership according to the state
 */
export async function spare(stack: Stack, settings: Settings): Promise<Known> {
  const state = await readState(stack);
  const { resources = [] } = state.deployment;
  const known = knownFrom(resources);
  const machines = machinesOf(settings);
  const claims = claimsOf(resources, machines);
  const find = forPlatform(settings.platform, {
    docker: () => onEngines(claims),
    kubernetes: () => inCluster(claims, contextFlags(settings.kubernetes)),
  });
  const strange = strangers(await find(), known);
  if (strange.length === 0) return known;
  for (const one of strange) print(`  left as it is: ${describeClaim(one)}`);
  await writeState(stack, retaining(state, spared(resources, machines, strange)));
  return known;
}
