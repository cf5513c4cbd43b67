import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stack } from "./stack.ts";

/** A resource in the state; further fields are kept as they are. */
export interface Resource {
  readonly urn: string;
  readonly type: string;
  /** URN and id of the provider, with `::` between them. */
  readonly provider?: string;
  readonly dependencies?: readonly string[];
  /** URNs by property; null where a property has none. */
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
  readonly deletedWith?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Output of `pulumi stack export`. */
export interface Deployment {
  readonly deployment: { readonly resources?: readonly Resource[] };
}

const docker = "pulumi:providers:docker";

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** Machines that can be forgotten: all but the first one, whose resources have plain names. */
function forgettable(resources: readonly Resource[]): string[] {
  const providers = resources.filter(({ type }) => type === docker).map(({ urn }) => nameOf(urn));
  return providers.filter((name) => name.startsWith("docker-")).map((name) => name.slice("docker-".length));
}

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

/** URNs of a machine in a state: its provider, and every resource that this provider made. */
export function urnsOn({ deployment: { resources = [] } }: Deployment, machine: string): string[] {
  const isProvider = ({ type, urn }: Resource) => type === docker && nameOf(urn) === `docker-${machine}`;
  const providers = resources.filter(isProvider).map(({ urn }) => urn);
  const isThere = ({ urn, provider = "" }: Resource) =>
    providers.includes(urn) || providers.some((made) => provider.startsWith(`${made}::`));
  return resources.filter(isThere).map(({ urn }) => urn);
}

/**
 * Removes a machine from a state: its provider, every resource that this provider made, and references to these.
 * @returns the new state, and the URNs that are no longer in it
 * @throws Error when the state has no such machine, or the machine is the first one
 */
export function forgetting<T extends Deployment>(
  state: T,
  machine: string,
): { readonly state: T; readonly forgotten: readonly string[] } {
  const { resources = [] } = state.deployment;
  const known = forgettable(resources);
  if (!known.includes(machine)) {
    throw new Error(
      `There is no machine ${machine} to forget: the state has ${known.join(", ") || "none"} besides the first one, ` +
        "which has the data and the control roles and cannot be forgotten.",
    );
  }
  const gone = new Set(urnsOn(state, machine));
  const left = resources.filter(({ urn }) => !gone.has(urn)).map((resource) => without(resource, gone));
  return {
    state: { ...state, deployment: { ...state.deployment, resources: left } },
    forgotten: [...gone],
  };
}

/** Describes a resource: `Container worker-big-1`. */
export function spell(urn: string): string {
  const type = urn.split("::")[2] ?? "";
  return `${type.slice(type.lastIndexOf(":") + 1)} ${nameOf(urn)}`;
}

export async function forget(stack: Stack, machine: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "forget-"));
  const file = join(folder, "state.json");
  try {
    await stack.pulumi(["stack", "export", "--file", file]);
    const { state, forgotten } = forgetting(JSON.parse(readFileSync(file, "utf8")), machine);
    writeFileSync(file, JSON.stringify(state));
    await stack.pulumi(["stack", "import", "--file", file]);
    return forgotten;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
