import { askCluster } from "../../ask.ts";
import type { Claim, Found } from "../../ownership/claims.ts";
import { isDefaultClass, type StorageObject } from "./storage.ts";

const kinds = "storageclasses.storage.k8s.io,persistentvolumes";
const list = new Intl.ListFormat("en-GB");

function missingClass(
  key: "class" | "sharedClass",
  volumes: readonly Claim[],
  objects: readonly StorageObject[],
): string | undefined {
  const given = volumes[0]?.storage?.storageClass;
  const isUsable = (one: StorageObject) => {
    // Volumes that were made by hand may name a class without an object, or none.
    if (one.kind !== "StorageClass") return (one.spec.storageClassName ?? "") === (given ?? "");
    return given === undefined ? isDefaultClass(one) : one.metadata.name === given;
  };
  if (volumes.length === 0 || objects.some(isUsable)) return;
  const classes = objects.filter(({ kind }) => kind === "StorageClass").map(({ metadata }) => metadata.name);
  const missing = given === undefined ? "default class" : "such class";
  return (
    `kubernetes.storage.${key} is ${given ?? "not given"}, and the cluster has no ${missing} for ${list.format(volumes.map(({ name }) => name))}; ` +
    `expected ${classes.length > 0 ? `one of its classes: ${classes.join(", ")}` : "a storage class in the cluster, which has none"}`
  );
}

/**
 * Explains which new volumes would stay unbound, since the cluster lacks their storage class or a default one. Nothing is
 * checked without the right to read storage classes and PersistentVolumes.
 * @param found volumes that exist, whose class is checked elsewhere
 * @param flags of kubectl, which select the cluster
 */
export async function classFaults(
  claims: readonly Claim[],
  found: readonly Found[],
  flags: readonly string[],
): Promise<readonly string[]> {
  const exists = ({ kind, name }: Claim) => found.some((one) => one.kind === kind && one.name === name);
  const added = claims.filter((one) => one.storage !== undefined && !exists(one));
  if (added.length === 0) return [];
  const { text, complaint } = await askCluster([...flags, "get", kinds, "--output", "json"]);
  if (complaint !== undefined) return [];
  const { items }: { items: readonly StorageObject[] } = JSON.parse(text);
  const { own = [], shared = [] } = Object.groupBy(added, ({ sharing }) =>
    sharing === "shared" ? "shared" : "own",
  );
  return [missingClass("class", own, items), missingClass("sharedClass", shared, items)].filter(
    (fault) => fault !== undefined,
  );
}
