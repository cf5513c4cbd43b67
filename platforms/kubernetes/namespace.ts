import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../../settings/schema/kubernetes.ts";
import { oldestKubernetes } from "../../settings/schema/versions.ts";
import type { Labels, Service, Values } from "../../workload.ts";
import { contentHash } from "../contentHash.ts";
import { podOperatorRole } from "./cluster/podOperator.ts";
import { denyAll, solvers } from "./policies.ts";

/** Namespace of a stack, and the resources that all of its pods share. */
export interface NamespaceResources {
  readonly namespace: pulumi.Output<string>;
  readonly serviceAccount: pulumi.Output<string>;
  /** Annotation of pods that tells what their service account gives them, if it gives something. */
  readonly identity?: Labels;
  /** Names of priority classes, if the stack has some. */
  readonly priorityClasses?: Readonly<Record<Service["priority"], pulumi.Output<string>>>;
}

export interface NamespaceArgs {
  /** Name of the namespace. */
  readonly stack: string;
  readonly settings: KubernetesSettings;
  readonly labels: Labels;
  /** Owner labels of the namespace. */
  readonly owner: Values;
}

/** Renders the labels of objects that belong to no workload. */
export function unowned(labels: Labels): { readonly labels?: Labels } {
  return Object.keys(labels).length > 0 ? { labels } : {};
}

/** Renders the labels of pod security: nothing in the namespace may be privileged. */
function restricted(mode: "enforce" | "audit" | "warn", version: string): Labels {
  return {
    [`pod-security.kubernetes.io/${mode}`]: "restricted",
    [`pod-security.kubernetes.io/${mode}-version`]: version,
  };
}

/** Annotation of pods with a hash of what their service account gives them. */
const identityKey = "airflow-on-celery/service-account";

/** Labels of a namespace. A newer cluster warns of what its own standard forbids, and still starts the pods. */
const levels = {
  ...restricted("enforce", `v${oldestKubernetes}`),
  ...restricted("audit", "latest"),
  ...restricted("warn", "latest"),
};

function createdNamespace(
  name: string,
  { stack, labels, owner }: NamespaceArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  // The namespace contains the claims, so it shares their protection. An adoption replaces the id in its label.
  const annotations = { "pulumi.com/patchForce": "true" };
  return new k8s.core.v1.Namespace(
    name,
    { metadata: { name: stack, labels: { ...labels, ...levels, ...owner }, annotations } },
    { ...opts, protect: true },
  );
}

/** Makes the priority classes. They have no namespace, but their names begin with one. */
function priorityClasses(
  priorities: Readonly<Record<Service["priority"], number>>,
  { stack, labels }: NamespaceArgs,
  opts: pulumi.CustomResourceOptions,
): NonNullable<NamespaceResources["priorityClasses"]> {
  const of = (tier: Service["priority"]) =>
    new k8s.scheduling.v1.PriorityClass(
      tier,
      {
        metadata: { name: `${stack}-${tier}`, ...unowned(labels) },
        value: priorities[tier],
        description: `Airflow's ${tier}, in namespace ${stack}`,
        preemptionPolicy: tier === "control" ? "PreemptLowerPriority" : "Never",
      },
      // A cluster refuses to change the value of a class.
      { ...opts, replaceOnChanges: ["value"], deleteBeforeReplace: true },
    ).metadata.name;
  return { control: of("control"), tasks: of("tasks") };
}

/** Makes a namespace, unless it is there already, in which pods may connect only where a policy allows it. */
export function namespaceResources(
  name: string,
  args: NamespaceArgs,
  opts: pulumi.CustomResourceOptions,
): NamespaceResources {
  const { stack, settings } = args;
  const { pullSecrets, createNamespace, serviceAccount, priority, podOperator, ingress } = settings;
  const labels = unowned(args.labels);
  const created = createNamespace ? [createdNamespace(name, args, opts)] : [];
  const namespace = created[0]?.metadata.name ?? pulumi.output(stack);
  const { annotations } = serviceAccount;
  const gives = [annotations, pullSecrets].some((given) => Object.keys(given).length > 0);
  const account = new k8s.core.v1.ServiceAccount(
    name,
    {
      metadata: {
        name: "airflow",
        namespace,
        ...labels,
        ...(Object.keys(annotations).length > 0 && { annotations }),
      },
      automountServiceAccountToken: false,
      imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })),
    },
    opts,
  );
  new k8s.networking.v1.NetworkPolicy(
    "deny-all",
    { metadata: { name: "deny-all", namespace, ...labels }, spec: denyAll },
    opts,
  );
  // The certificate of a Gateway belongs to another namespace.
  if (ingress?.tlsSecret !== undefined && !ingress.gateway)
    new k8s.networking.v1.NetworkPolicy(
      "acme-solvers",
      { metadata: { name: "acme-solvers", namespace, ...labels }, spec: solvers(ingress) },
      opts,
    );
  if (podOperator) {
    const tasks = { stack, namespace: podOperator.namespace, labels: args.labels };
    podOperatorRole({ ...tasks, serviceAccount: account.metadata.name }, opts);
  }
  return {
    namespace,
    serviceAccount: account.metadata.name,
    // A pod has what its service account gave when the pod started.
    ...(gives && { identity: { [identityKey]: contentHash(JSON.stringify([annotations, pullSecrets])) } }),
    ...(priority && { priorityClasses: priorityClasses(priority, args, { ...opts, dependsOn: created }) }),
  };
}
