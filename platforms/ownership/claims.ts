import type { DockerMachine } from "../machines.ts";

/** The label with the id of the installation that made something. */
export const installationLabel = "airflow-on-celery/installation";

/** Name of the resource that keeps the id. */
export const installationName = "installation";

/** A resource with a name on an engine or in a cluster. */
export type Kind = "container" | "network" | "volume" | "namespace" | "claim";

/** A name that a stack is going to use. */
export interface Claim {
  readonly kind: Kind;
  readonly name: string;
  /** Of a Docker engine among several. */
  readonly machine?: DockerMachine | undefined;
}

/** A resource that has a claimed name already. */
export interface Found extends Claim {
  /** Of the installation that made it; empty where it has no label. */
  readonly installation: string;
}

/**
 * Looks at what has the names that a stack claims, before any of them is used.
 * @returns ids of other installations whose data is taken over
 * @throws pulumi.RunError listing what is not the stack's
 */
export type Look = (claims: readonly Claim[]) => Promise<readonly string[]>;
