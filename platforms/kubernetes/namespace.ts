import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Labels, Service, Values } from "../../workload.ts";
import { denyAll } from "./policies.ts";

/** Higher values go first; pods of other namespaces have 0 by default. */
const priorities = { control: 1000, tasks: 0 };

/** The namespace of a stack and what all of its pods share. */
export interface NamespaceResources {
  readonly namespace: pulumi.Output<string>;
  readonly serviceAccount: pulumi.Output<string>;
  readonly priorityClasses: Readonly<Record<Service["priority"], pulumi.Output<string>>>;
}

export interface NamespaceArgs {
  /** Name of the namespace. */
  readonly stack: string;
  /** Secrets for pulling images. */
  readonly pullSecrets: readonly string[];
  readonly labels: Labels;
  /** Owner labels of the namespace. */
  readonly owner: Values;
}

/** Labels of objects that belong to no workload. */
export function unowned(labels: Labels): { readonly labels?: Labels } {
  return Object.keys(labels).length > 0 ? { labels } : {};
}

/** Labels for pod security: nothing in the namespace may be privileged. */
function restricted(mode: "enforce" | "audit" | "warn"): Labels {
  return {
    [`pod-security.kubernetes.io/${mode}`]: "restricted",
    [`pod-security.kubernetes.io/${mode}-version`]: "latest",
  };
}

/** Makes a namespace in which pods may connect only where a policy allows it. */
export function namespaceResources(
  name: string,
  { stack, pullSecrets, labels, owner }: NamespaceArgs,
  opts: pulumi.CustomResourceOptions,
): NamespaceResources {
  const own = unowned(labels);
  const levels = { ...restricted("enforce"), ...restricted("audit"), ...restricted("warn") };
  // The namespace contains the claims, so it shares their protection. An adoption replaces the id in its label.
  const annotations = { "pulumi.com/patchForce": "true" };
  const made = new k8s.core.v1.Namespace(
    name,
    { metadata: { name: stack, labels: { ...labels, ...levels, ...owner }, annotations } },
    { ...opts, protect: true },
  );
  const namespace = made.metadata.name;
  const account = new k8s.core.v1.ServiceAccount(
    name,
    {
      metadata: { name: "airflow", namespace, ...own },
      automountServiceAccountToken: false,
      imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })),
    },
    opts,
  );
  const priorityClass = (tier: Service["priority"]) =>
    new k8s.scheduling.v1.PriorityClass(
      tier,
      {
        metadata: { name: `${stack}-${tier}`, ...own },
        value: priorities[tier],
        description: `Airflow's ${tier}, in namespace ${stack}`,
        preemptionPolicy: tier === "control" ? "PreemptLowerPriority" : "Never",
      },
      // Priority classes have no namespace, but their names begin with one.
      { ...opts, dependsOn: [made] },
    ).metadata.name;
  new k8s.networking.v1.NetworkPolicy(
    "deny-all",
    { metadata: { name: "deny-all", namespace, ...own }, spec: denyAll },
    opts,
  );
  const priorityClasses = { control: priorityClass("control"), tasks: priorityClass("tasks") };
  return { namespace, serviceAccount: account.metadata.name, priorityClasses };
}
