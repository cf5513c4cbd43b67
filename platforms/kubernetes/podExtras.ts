import type { types } from "@pulumi/kubernetes";
import type { PodExtras } from "../../workload.ts";

/** A pod without its containers. */
type Bare = Omit<types.input.core.v1.PodSpec, "containers">;
type Container = types.input.core.v1.Container;
type NamedVolume = types.input.core.v1.Volume;
type Mount = types.input.core.v1.VolumeMount;

interface Named {
  readonly name?: unknown;
  readonly mountPath?: unknown;
}

/** Joins the stack's own entries with added ones; throws an Error if an addition has the name or path of an own entry. */
function joined<T extends Named>(key: string, by: keyof Named, own: readonly T[], added: readonly T[]): T[] {
  const taken = added.find((one) => own.some((other) => other[by] === one[by]));
  if (taken)
    throw new Error(`pod.${key} has ${taken[by]}, which the stack itself uses; expected another ${by}.`);
  return [...own, ...added];
}

/** Adds the fields that a stack gives to a pod; the cluster checks them. */
export function withPodExtras(
  pod: Bare & { readonly volumes: NamedVolume[] },
  container: Container & { readonly volumeMounts: Mount[] },
  extras: PodExtras = {},
): { pod: Bare; container: Container } {
  const { affinity, initContainers = [], volumes = [], volumeMounts = [] } = extras;
  joined("initContainers", "name", [container as Named], initContainers);
  return {
    pod: {
      ...pod,
      ...(affinity && { affinity }),
      ...(initContainers.length > 0 && { initContainers: [...initContainers] as unknown as Container[] }),
      volumes: joined("volumes", "name", pod.volumes, volumes as unknown as NamedVolume[]),
    },
    container: {
      ...container,
      volumeMounts: joined(
        "volumeMounts",
        "mountPath",
        container.volumeMounts,
        volumeMounts as unknown as Mount[],
      ),
    },
  };
}
