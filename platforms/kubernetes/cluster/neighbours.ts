/** An object of a namespace, as `kubectl get --output json` lists it. */
export interface ClusterObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly status?: { readonly phase?: string };
}

/** Kinds of {@link ClusterObject}, for kubectl: what a stack's policies cut off, and what its Services would take over. */
export const neighbourKinds = "deployments,statefulsets,daemonsets,services,pods";

/** True for what others run: not for the Service of the cluster's API, pods that have ended, and pods of a listed object. */
function isForeign({ kind, metadata, status }: ClusterObject): boolean {
  if (kind === "Service") return metadata.labels?.component !== "apiserver";
  if (kind !== "Pod") return true;
  const owner = metadata.ownerReferences?.[0]?.kind;
  const hasEnded = status?.phase === "Succeeded" || status?.phase === "Failed";
  return !hasEnded && !["ReplicaSet", "StatefulSet", "DaemonSet"].includes(owner ?? "");
}

/** Explains why a stack cannot be deployed to a namespace; undefined if nothing else runs there. */
export function neighbourFault(namespace: string, objects: readonly ClusterObject[]): string | undefined {
  const names = objects.filter(isForeign).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  if (names.length === 0) return;
  return (
    `namespace ${namespace} has ${names.sort().join(", ")}; expected a namespace for the stack alone, since it denies ` +
    "the connections of all other pods there; name another with kubernetes.namespace"
  );
}
