import type * as k8s from "@pulumi/kubernetes";
import type { KubernetesSettings } from "../../settings/schema/kubernetes.ts";
import type { Sharing } from "../../workload.ts";
import type { ClaimedStorage } from "../ownership/claims.ts";

type StorageSettings = KubernetesSettings["storage"];

/** Keys of `storage` with the sizes of volumes, by the names of volumes. */
const sizeKeys: Readonly<Record<string, keyof StorageSettings>> = {
  logs: "logs",
  data: "data",
  "redis-data": "redis",
  "postgres-data": "postgres",
};

/** Returns the key of `storage` with the size of a volume. */
export function sizeKey(name: string): keyof StorageSettings {
  return sizeKeys[name] ?? "volumes";
}

/** Returns size, class and access mode of a volume. */
export function storageOf(name: string, sharing: Sharing, storage: StorageSettings): ClaimedStorage {
  const isShared = sharing === "shared";
  return {
    size: storage[sizeKey(name)] ?? storage.volumes,
    storageClass: isShared ? storage.sharedClass : storage.class,
    accessMode: isShared ? storage.sharedAccess : "ReadWriteOnce",
  };
}

/** Renders the PersistentVolumeClaim of a volume. */
export function claimSpec({
  size,
  storageClass,
  accessMode,
}: ClaimedStorage): k8s.types.input.core.v1.PersistentVolumeClaimSpec {
  return {
    accessModes: [accessMode],
    resources: { requests: { storage: size } },
    ...(storageClass !== undefined && { storageClassName: storageClass }),
  };
}
