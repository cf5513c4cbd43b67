import { type Claim, installationName, type Kind } from "./claims.ts";

/** Ownership as a state tells it. */
export interface Known {
  /** The installation's own id, and those that it took over; none before the first deployment with ids. */
  readonly ids: readonly string[];
  readonly names: ReadonlySet<string>;
  /** The outputs of a stack outlast its workers: after `npm run down` they still name them. */
  readonly hasWorkers: boolean;
}

/** A resource of a state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

const kinds: Readonly<Record<string, Kind>> = {
  "docker:index/container:Container": "container",
  "docker:index/network:Network": "network",
  "docker:index/volume:Volume": "volume",
  "kubernetes:core/v1:Namespace": "namespace",
  "kubernetes:core/v1:PersistentVolumeClaim": "claim",
};

/** Name of a resource on its engine or in its cluster. */
export function claimOf({ type, outputs = {} }: StateResource): Claim | undefined {
  const { [type]: kind } = kinds;
  const { name, metadata } = outputs as { name?: string; metadata?: { name?: string } };
  const called = name ?? metadata?.name;
  return kind === undefined || called === undefined ? undefined : { kind, name: called };
}

/** A name with its kind. */
export function keyOf({ kind, name }: Claim): string {
  return `${kind} ${name}`;
}

/** A name with its kind and its machine. */
export function placeOf(claim: Claim): string {
  return `${keyOf(claim)} ${claim.machine?.name}`;
}

/** Reads ownership from the resources of a state. */
export function knownFrom(resources: readonly StateResource[]): Known {
  const claims = resources.map(claimOf).filter((claim) => claim !== undefined);
  const installation = resources.find(({ urn }) => urn.endsWith(`:Resource::${installationName}`));
  const { ids = [] } = (installation?.outputs ?? {}) as { ids?: readonly string[] };
  const hasWorkers = resources.some(({ type }) => type === "airflow:index:Worker");
  return { ids, names: new Set(claims.map(keyOf)), hasWorkers };
}
