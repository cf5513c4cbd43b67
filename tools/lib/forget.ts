import { engineProvider, machinesIn } from "../../platforms/machines.ts";
import type { Stack } from "./stack.ts";
import { type ExportedState, nameOf, type Resource, readState, withResources, writeState } from "./state.ts";

function without(resource: Resource, gone: ReadonlySet<string>): Resource {
  const { deletedWith, ...rest } = resource;
  const { dependencies, propertyDependencies } = rest;
  const left = (urns: readonly string[]) => urns.filter((urn) => !gone.has(urn));
  const byProperty = Object.entries(propertyDependencies ?? {}).map(([key, urns]) => [
    key,
    urns && left(urns),
  ]);
  return {
    ...rest,
    ...(dependencies && { dependencies: left(dependencies) }),
    ...(propertyDependencies && { propertyDependencies: Object.fromEntries(byProperty) }),
    ...(deletedWith !== undefined && !gone.has(deletedWith) && { deletedWith }),
  };
}

/** Returns a state without some resources, and without references to them. */
export function dropping<T extends ExportedState>(state: T, gone: ReadonlySet<string>): T {
  const { resources = [] } = state.deployment;
  const left = resources.filter(({ urn }) => !gone.has(urn)).map((resource) => without(resource, gone));
  return withResources(state, left);
}

/** Lists the URNs of a machine in a state: its provider, and every resource that this provider made. */
export function urnsOn({ deployment: { resources = [] } }: ExportedState, machine: string): string[] {
  const isProvider = ({ type, urn }: Resource) =>
    type === engineProvider && nameOf(urn) === `docker-${machine}`;
  const providers = resources.filter(isProvider).map(({ urn }) => urn);
  const isThere = ({ urn, provider = "" }: Resource) =>
    providers.includes(urn) || providers.some((made) => provider.startsWith(`${made}::`));
  return resources.filter(isThere).map(({ urn }) => urn);
}

/**
 * Removes a machine from a state: its provider, every resource that this provider made, and references to these.
 * @returns the new state, and the URNs that were removed
 * @throws Error when the state has no such machine, or the machine is the first one
 */
export function forgetting<T extends ExportedState>(
  state: T,
  machine: string,
): { readonly state: T; readonly forgotten: readonly string[] } {
  const { resources = [] } = state.deployment;
  const known = machinesIn(resources).map(({ name }) => name);
  if (!known.includes(machine)) {
    throw new Error(
      `The state has no machine ${machine} to forget; expected one of: ${known.join(", ") || "none"}. The first machine ` +
        "cannot be forgotten, since it has the data and the control roles.",
    );
  }
  const gone = new Set(urnsOn(state, machine));
  return { state: dropping(state, gone), forgotten: [...gone] };
}

/** Describes a resource: `Container worker-big-1`. */
export function describeUrn(urn: string): string {
  const type = urn.split("::")[2] ?? "";
  return `${type.slice(type.lastIndexOf(":") + 1)} ${nameOf(urn)}`;
}

/** Removes a machine from a stack's state; returns the URNs that were removed. */
export async function forget(stack: Stack, machine: string): Promise<readonly string[]> {
  const { state, forgotten } = forgetting(await readState(stack), machine);
  await writeState(stack, state);
  return forgotten;
}
