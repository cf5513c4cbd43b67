import type * as k8s from "@pulumi/kubernetes";
import type { KubernetesSettings } from "../../settings/schema/kubernetes.ts";
import type { Sharing } from "../../workload.ts";

/** Claims storage for a volume, of the size that the stack gives to its kind. */
export function claimSpec(
  name: string,
  sharing: Sharing,
  storage: KubernetesSettings["storage"],
): k8s.types.input.core.v1.PersistentVolumeClaimSpec {
  const sizes: Readonly<Record<string, string>> = {
    logs: storage.logs,
    data: storage.data,
    "redis-data": storage.redis,
    "postgres-data": storage.postgres,
  };
  const { [name]: size = storage.volumes } = sizes;
  const storageClass = sharing === "shared" ? storage.sharedClass : storage.class;
  return {
    accessModes: [sharing === "shared" ? storage.sharedAccess : "ReadWriteOnce"],
    resources: { requests: { storage: size } },
    ...(storageClass !== undefined && { storageClassName: storageClass }),
  };
}
