import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Autoscale, type BrokerLogin, isInside } from "../workload.ts";

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

type Namespace = pulumi.Input<string>;

/** Where the queues are, for who is in another namespace or outside. */
function addressOf({ target, host = "" }: BrokerLogin, namespace: Namespace): pulumi.Output<string> {
  return isInside(target)
    ? pulumi.interpolate`${target.host}.${namespace}.svc:${target.port}`
    : pulumi.interpolate`${host}:${target.port}`;
}

/** What KEDA is told in a Secret: https://keda.sh/docs/latest/scalers/redis-lists/#authentication-parameters. */
function loginOf(broker: BrokerLogin, namespace: Namespace): Readonly<Record<string, pulumi.Input<string>>> {
  const { username, password, target, tls, authorities } = broker;
  return {
    username,
    password,
    ...(!isInside(target) && { address: addressOf(broker, namespace) }),
    ...(tls !== undefined && { tls: pulumi.output(tls).apply((speaks) => (speaks ? "enable" : "disable")) }),
    ...(authorities !== undefined && { ca: authorities }),
  };
}

/**
 * Lets KEDA set the number of a StatefulSet's pods by the length of their queues.
 * @param metadata of an object, by what its name adds to the service's
 */
export function scaling(
  name: string,
  { min, max, broker, queues, messagesPerInstance }: Autoscale,
  metadata: (suffix: string) => k8s.types.input.meta.v1.ObjectMeta,
  opts: pulumi.CustomResourceOptions,
): void {
  const namespace = pulumi.output(metadata("")).apply((meta) => meta?.namespace ?? "");
  const told = loginOf(broker, namespace);
  const secret = new k8s.core.v1.Secret(
    `${name}-keda`,
    { metadata: metadata("-keda"), stringData: pulumi.secret(told) },
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
      spec: { secretTargetRef: Object.keys(told).map(login) },
    },
    opts,
  );
  const address = isInside(broker.target) && { address: addressOf(broker, namespace) };
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
          metadata: {
            ...address,
            listName: queue,
            listLength: String(messagesPerInstance),
            databaseIndex: broker.database,
          },
          authenticationRef: { name: authentication.metadata.name },
        })),
      },
    },
    opts,
  );
}
