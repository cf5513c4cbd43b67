import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Autoscale } from "../workload.ts";

/** Seconds between two looks at the queues, and of quiet before the last instances are stopped. */
const pace = { pollingInterval: 10, cooldownPeriod: 300 };

/**
 * Makes all that is declared with the options returned wait for KEDA. A cluster without it is found out by the lookup of its
 * resource definition, whose name says what is missing.
 */
export function needsKeda(name: string, opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  const keda = k8s.apiextensions.v1.CustomResourceDefinition.get(
    `autoscale-of-${name}-needs-KEDA-in-the-cluster`,
    "scaledobjects.keda.sh",
    opts,
  );
  return pulumi.mergeOptions(opts, { dependsOn: [keda] });
}

/**
 * Lets KEDA set the number of a StatefulSet's pods by the length of their queues.
 * @param metadata of an object, by what its name adds to the service's
 */
export function scaling(
  name: string,
  { min, max, broker, username, password, queues, messagesPerInstance }: Autoscale,
  metadata: (suffix: string) => k8s.types.input.meta.v1.ObjectMeta,
  opts: pulumi.CustomResourceOptions,
): void {
  const secret = new k8s.core.v1.Secret(
    `${name}-keda`,
    { metadata: metadata("-keda"), stringData: pulumi.secret({ username, password }) },
    opts,
  );
  const apiVersion = "keda.sh/v1alpha1";
  const login = (parameter: string) => ({ parameter, name: secret.metadata.name, key: parameter });
  const authentication = new k8s.apiextensions.CustomResource(
    `${name}-keda`,
    {
      apiVersion,
      kind: "TriggerAuthentication",
      metadata: metadata("-keda"),
      spec: { secretTargetRef: [login("username"), login("password")] },
    },
    opts,
  );
  const address = pulumi.interpolate`${broker.host}.${pulumi.output(metadata("")).apply((meta) => meta?.namespace ?? "")}.svc:${broker.port}`;
  new k8s.apiextensions.CustomResource(
    name,
    {
      apiVersion,
      kind: "ScaledObject",
      metadata: metadata(""),
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name },
        minReplicaCount: min,
        maxReplicaCount: max,
        ...pace,
        triggers: queues.map((queue) => ({
          type: "redis",
          metadata: { address, listName: queue, listLength: String(messagesPerInstance), databaseIndex: "0" },
          authenticationRef: { name: authentication.metadata.name },
        })),
      },
    },
    opts,
  );
}
