import type * as k8s from "@pulumi/kubernetes";
import type { KubernetesSettings } from "../../settings/schema/kubernetes.ts";
import type { Sharing } from "../../workload.ts";

/** Renders the PersistentVolumeClaim of a volume. */
export function claimSpec(
  size: string,
  sharing: Sharing,
  storage: KubernetesSettings["storage"],
): k8s.types.input.core.v1.PersistentVolumeClaimSpec {
  const storageClass = sharing === "shared" ? storage.sharedClass : storage.class;
  return {
    accessModes: [sharing === "shared" ? storage.sharedAccess : "ReadWriteOnce"],
    resources: { requests: { storage: size } },
    ...(storageClass !== undefined && { storageClassName: storageClass }),
  };
}
