import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { previousOutputs } from "../../platforms/ownership/known.ts";
import type { Stack } from "./stack.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

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
  /** True if the resource has a successor, and is still to be deleted. */
  readonly delete?: boolean;
  /** True if no command may delete the resource. */
  readonly protect?: boolean;
  /** True if the resource stays where it is when the state drops it. */
  readonly retainOnDelete?: boolean;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Output of `pulumi stack export`. */
export interface ExportedState {
  readonly deployment: {
    /** Time of the last change, in ISO 8601. */
    readonly manifest?: { readonly time?: string };
    readonly resources?: readonly Resource[];
  };
}

/** Type of a container on a Docker engine. */
export const container = "docker:index/container:Container";

/** Returns the name at the end of a URN. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** Returns the name of the provider that made a resource; empty for a component. */
export function providerOf({ provider }: { readonly provider?: string | undefined }): string {
  return provider?.split("::").at(-2) ?? "";
}

/** True for a container that runs a job. */
export function isJob({ type, inputs }: Resource): boolean {
  return type === container && inputs?.attach === true;
}

/** True for a job that has succeeded: a container of Docker, or a job of a cluster. A state has failed jobs as well. */
export function hasSucceeded({ outputs = {} }: Resource): boolean {
  const { succeeded } = (outputs.status ?? {}) as { readonly succeeded?: number };
  return outputs.exitCode === 0 || succeeded === 1;
}

/** Returns a state with other resources. */
export function withResources<T extends ExportedState>(state: T, resources: readonly Resource[]): T {
  return { ...state, deployment: { ...state.deployment, resources } };
}

/** Returns a state in which some resources have a mark. */
export function marking<T extends ExportedState>(
  state: T,
  urns: readonly string[],
  mark: Pick<Resource, "protect" | "retainOnDelete">,
): T {
  const { resources = [] } = state.deployment;
  return withResources(
    state,
    resources.map((resource) => (urns.includes(resource.urn) ? { ...resource, ...mark } : resource)),
  );
}

/** Reads the state of a stack; its secrets stay encrypted. */
export async function readState(stack: Stack): Promise<ExportedState> {
  return JSON.parse(await stack.pulumi(["stack", "export"]));
}

/** Reads the state without the CLI, which takes seconds, if the state is in its folder. */
export async function glanceAtState(stack: Stack): Promise<ExportedState> {
  const { latest } = stack.checkpoint() ?? {};
  return latest ? { deployment: latest } : readState(stack);
}

/** Reads the outputs of the last deployment from any backend, with secrets encrypted; makes no local stack. */
export async function readOutputs(stack: Stack): Promise<Readonly<Record<string, unknown>>> {
  const { resources = [] } =
    (process.env.PULUMI_BACKEND_URL ? (await readState(stack)).deployment : stack.checkpoint()?.latest) ?? {};
  return previousOutputs(resources);
}

/** Replaces the state of a stack. */
export async function writeState(stack: Stack, state: ExportedState): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const file = join(folder, "state.json");
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
    await stack.pulumi(["stack", "import", "--file", file]);
  });
}
