import { type Claim, type ClaimKind, installationName } from "./claims.ts";

/** Ownership according to a state. */
export interface KnownOwnership {
  /** Ids of the installation and of those that it took over; none before the first deployment with ids. */
  readonly ids: readonly string[];
  readonly names: ReadonlySet<string>;
  /** Keys of the volumes that platforms of the project made; another program may have volumes of its own in the same state. */
  readonly volumes: ReadonlySet<string>;
  /** Keys of the volumes with the database. */
  readonly databases: ReadonlySet<string>;
  /** Sizes of these volumes in a cluster, by name. */
  readonly sizes: ReadonlyMap<string, string>;
  /** True if the state has workers; the state's outputs still name workers after `npm run down`. */
  readonly hasWorkers: boolean;
}

/** A resource in a state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Returns how often each secret of a state was replaced; empty without secrets. */
export function replacedIn(resources: readonly StateResource[]): Readonly<Record<string, number>> {
  const secrets = resources.find(
    ({ urn, type }) => type === "pulumi-nodejs:dynamic:Resource" && urn.endsWith("::secrets"),
  );
  return (secrets?.outputs?.replaced ?? {}) as Readonly<Record<string, number>>;
}

/** True if a state has nothing but the stack itself, which the CLI records even if a program fails at once. */
export function isEmpty(resources: readonly Pick<StateResource, "type">[]): boolean {
  return resources.every(({ type }) => type === "pulumi:pulumi:Stack");
}

const kindByType: Readonly<Record<string, ClaimKind>> = {
  "docker:index/container:Container": "container",
  "docker:index/network:Network": "network",
  "docker:index/volume:Volume": "volume",
  "kubernetes:core/v1:Namespace": "namespace",
  "kubernetes:core/v1:PersistentVolumeClaim": "claim",
};

/** Returns the name that a resource has on its engine or in its cluster; undefined for other resources. */
export function claimOf({ type, outputs = {} }: StateResource): Claim | undefined {
  const { [type]: kind } = kindByType;
  const { name, metadata } = outputs as {
    name?: string;
    metadata?: { name?: string; namespace?: string };
  };
  const fullName = name ?? metadata?.name;
  if (kind === undefined || fullName === undefined) return;
  return { kind, name: fullName, ...(kind === "claim" && { namespace: metadata?.namespace }) };
}

/** True if a platform of the project made a resource. */
function isPlatforms({ urn }: StateResource): boolean {
  return /airflow:index:\w+Platform\$/.test(urn);
}

/** Returns the names of volumes that a platform of the project made, by those of their resources. */
export function volumesIn(
  resources: readonly StateResource[],
  kind: "volume" | "claim",
): ReadonlyMap<string, string> {
  const named = resources.flatMap((resource): [string, string][] => {
    const claim = claimOf(resource);
    const isWanted = claim?.kind === kind && isPlatforms(resource);
    return isWanted ? [[resource.urn.slice(resource.urn.lastIndexOf("::") + 2), claim.name]] : [];
  });
  return new Map(named);
}

/** True for what holds data, unlike a namespace around it. */
export function isVolume({ kind }: Claim): boolean {
  return kind === "volume" || kind === "claim";
}

/** Returns the key of a claim: kind and name. */
export function keyOf({ kind, name }: Claim): string {
  return `${kind} ${name}`;
}

/** Returns the key of a claim: kind, name and machine. */
export function keyOnMachine(claim: Claim): string {
  return `${keyOf(claim)} ${claim.machine?.name}`;
}

function sizesIn(resources: readonly StateResource[]): ReadonlyMap<string, string> {
  const sized = resources.flatMap((resource): [string, string][] => {
    const claim = claimOf(resource);
    const { spec } = (resource.outputs ?? {}) as {
      spec?: { resources?: { requests?: { storage?: string } } };
    };
    const size = spec?.resources?.requests?.storage;
    return claim?.kind === "claim" && size !== undefined ? [[claim.name, size]] : [];
  });
  return new Map(sized);
}

/** True for the volume of Postgres; on a further machine its resource has the machine's name at the end. */
function isDatabase(resource: StateResource): boolean {
  const claim = claimOf(resource);
  const isNamed = /^postgres-data(-|$)/.test(resource.urn.slice(resource.urn.lastIndexOf("::") + 2));
  return isNamed && claim !== undefined && isVolume(claim) && claim.name.endsWith("postgres-data");
}

/** Reads ownership from the resources of a state. */
export function knownFrom(resources: readonly StateResource[]): KnownOwnership {
  const claimsOf = (some: readonly StateResource[]) =>
    some.map(claimOf).filter((claim) => claim !== undefined);
  const own = resources.filter(isPlatforms);
  const installation = resources.find(({ urn }) => urn.endsWith(`:Resource::${installationName}`));
  const { ids = [] } = (installation?.outputs ?? {}) as { ids?: readonly string[] };
  const hasWorkers = resources.some(({ type }) => type === "airflow:index:Worker");
  return {
    ids,
    names: new Set(claimsOf(resources).map(keyOf)),
    volumes: new Set(claimsOf(own).filter(isVolume).map(keyOf)),
    databases: new Set(claimsOf(own.filter(isDatabase)).map(keyOf)),
    sizes: sizesIn(own),
    hasWorkers,
  };
}

/**
 * Returns the outputs of the last deployment; empty before the first one.
 * @param holder type of the resource that has them: the stack itself, or the component of another program
 */
export function previousOutputs(
  resources: readonly StateResource[],
  holder = "pulumi:pulumi:Stack",
): Readonly<Record<string, unknown>> {
  return resources.find(({ type }) => type === holder)?.outputs ?? {};
}
