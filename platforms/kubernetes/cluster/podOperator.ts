import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Labels } from "../../../workload.ts";

/** Rights that KubernetesPodOperator uses, and no others: exec is how it reads results. */
const rules = [
  { resources: ["pods"], verbs: ["create", "get", "list", "watch", "patch", "delete"] },
  { resources: ["pods/log"], verbs: ["get"] },
  { resources: ["pods/exec"], verbs: ["create", "get"] },
  { resources: ["events"], verbs: ["list"] },
].map((rule) => ({ apiGroups: [""], ...rule }));

export interface PodOperatorArgs {
  /** Name of the stack's namespace. */
  readonly stack: string;
  /** Namespace of the pods that tasks start. */
  readonly namespace: string;
  readonly serviceAccount: pulumi.Input<string>;
  readonly labels: Labels;
}

/**
 * Lets the stack's ServiceAccount start pods in another namespace.
 * @throws Error if that is the stack's own: pods that tasks start there could mount all secrets of the stack
 */
export function podOperatorRole(
  { stack, namespace, serviceAccount, labels }: PodOperatorArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  if (namespace === stack)
    throw new Error(
      `kubernetes.podOperator.namespace is ${namespace}, the stack's own, where tasks could read all secrets; expected another one.`,
    );
  const metadata = { name: `${stack}-tasks`, namespace, labels };
  const role = new k8s.rbac.v1.Role("pod-operator", { metadata, rules }, opts);
  new k8s.rbac.v1.RoleBinding(
    "pod-operator",
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace: stack }],
    },
    opts,
  );
}
