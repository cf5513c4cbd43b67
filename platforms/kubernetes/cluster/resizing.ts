import { volumeBytes } from "../../../settings/model/sizes.ts";
import { askCluster } from "../../ask.ts";
import type { Claim, ClaimedStorage, Found } from "../../ownership/claims.ts";
import { sizeKey } from "../claim.ts";

/** A volume with the storage that the stack claims, and that it has. */
interface Resized extends Pick<Claim, "name" | "sharing"> {
  readonly wanted: ClaimedStorage;
  readonly present: ClaimedStorage;
}

const page = "docs/kubernetes.md#storage";

/** True if volumes of a storage class can be enlarged; undefined if the cluster does not tell. */
async function canEnlarge(storageClass: string, flags: readonly string[]): Promise<boolean | undefined> {
  const field = "jsonpath={.allowVolumeExpansion}";
  const command = [...flags, "get", "storageclasses.storage.k8s.io", storageClass, "--output", field];
  const { text, complaint } = await askCluster(command);
  return complaint === undefined ? text.trim() === "true" : undefined;
}

function keptFault({ name, sharing, wanted, present }: Resized): string | undefined {
  const kept = (key: string, value: string, has: string | undefined) =>
    `kubernetes.storage.${key} is ${value}, and the volume ${name} has ${has}, which a volume keeps; expected ${has}: ${page}`;
  if (wanted.accessMode !== present.accessMode)
    return kept("sharedAccess", wanted.accessMode, present.accessMode);
  if (wanted.storageClass !== undefined && wanted.storageClass !== present.storageClass)
    return kept(sharing === "shared" ? "sharedClass" : "class", wanted.storageClass, present.storageClass);
  return undefined;
}

async function sizeFault(
  { name, wanted, present }: Resized,
  flags: readonly string[],
): Promise<string | undefined> {
  const given = `kubernetes.storage.${sizeKey(name)} is ${wanted.size}, and the volume ${name} has ${present.size}`;
  const [more, now] = [volumeBytes(wanted.size), volumeBytes(present.size)];
  if (more < now) return `${given}: a volume cannot shrink; expected ${present.size} or more: ${page}`;
  const { storageClass = "" } = present;
  if (more === now || (await canEnlarge(storageClass, flags)) !== false) return undefined;
  return `${given} of the class ${storageClass}, which does not enlarge volumes (allowVolumeExpansion); expected ${present.size}: ${page}`;
}

/**
 * Explains which volumes of a cluster cannot become what the stack claims.
 * @param found volumes that exist
 * @param deployed sizes at the last deployment, by name: what somebody else has enlarged since stays, unless the stack's size changes
 * @param flags of kubectl, which select the cluster
 */
export async function resizingFaults(
  claims: readonly Claim[],
  found: readonly Found[],
  deployed: ReadonlyMap<string, string>,
  flags: readonly string[],
): Promise<readonly string[]> {
  const resized = claims.flatMap(({ kind, name, sharing, storage: wanted }): Resized[] => {
    const present = found.find((one) => one.kind === kind && one.name === name)?.storage;
    return wanted && present ? [{ name, sharing, wanted, present }] : [];
  });
  const faults = resized.map(async (one) => {
    const isSame = deployed.get(one.name) === one.wanted.size;
    return [keptFault(one), isSame ? undefined : await sizeFault(one, flags)];
  });
  return (await Promise.all(faults)).flat().filter((fault) => fault !== undefined);
}
