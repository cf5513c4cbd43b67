import type { Sharing } from "../../workload.ts";
import type { DeployedMachine } from "../machines.ts";

/** Label with the id of the installation that made a resource. */
export const installationLabel = "airflow-on-celery/installation";

/** Name of the resource that keeps the id. */
export const installationName = "installation";

/** A resource with a name on an engine or in a cluster. */
export type ClaimKind = "container" | "network" | "volume" | "namespace" | "claim";

/** Properties of a cluster's volume, which an existing one keeps, but for a larger size. */
export interface ClaimedStorage {
  /** `10Gi`. */
  readonly size: string;
  /** Default: the cluster's. */
  readonly storageClass?: string | undefined;
  readonly accessMode: string;
}

/** A name that a stack will use. */
export interface Claim {
  readonly kind: ClaimKind;
  readonly name: string;
  /** Machine of the Docker engine, if there are several. */
  readonly machine?: DeployedMachine | undefined;
  /** Namespace of a volume claim. */
  readonly namespace?: string | undefined;
  /** Of a volume claim; absent if an existing one stays as it is. */
  readonly storage?: ClaimedStorage | undefined;
  /** Of a claimed volume claim. */
  readonly sharing?: Sharing | undefined;
}

/** An existing resource that has a claimed name. */
export interface Found extends Claim {
  /** Id of the installation that made the resource; empty without a label. */
  readonly installation: string;
}

/**
 * Looks for resources under the names that a stack claims, before any name is used.
 * @returns ids of other installations whose data is taken over
 * @throws pulumi.RunError listing resources that are not the stack's
 */
export type FindClaims = (claims: readonly Claim[]) => Promise<readonly string[]>;
