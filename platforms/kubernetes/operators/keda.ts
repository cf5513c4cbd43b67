import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Autoscale, type DatabaseLogin, isInside } from "../../../workload.ts";

/** Seconds between two polls of the tasks, and of quiet before the last instances are stopped. */
const pace = { pollingInterval: 10, cooldownPeriod: 300 };

/** Escapes a value: KEDA builds a connection string, and quotes only values with a space. */
export function quoted(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\");
  return text.includes(" ") ? escaped : escaped.replaceAll("'", "\\'");
}

/** KEDA's parameters in a Secret: https://keda.sh/docs/latest/scalers/postgresql/#authentication-parameters. */
function loginOf({ target, login }: DatabaseLogin, namespace: pulumi.Input<string>) {
  const told = pulumi.output(login);
  return {
    // KEDA is in another namespace.
    host: isInside(target) ? pulumi.interpolate`${target.host}.${namespace}.svc` : told.host,
    port: told.port.apply(String),
    userName: told.user.apply(quoted),
    password: told.password.apply(quoted),
    dbName: told.database.apply(quoted),
    sslmode: told.sslmode,
  };
}

/**
 * Lets KEDA set the replicas of a StatefulSet by a count from a database.
 * @param metadata of an object, by the suffix to the service's name
 */
export function scaling(
  name: string,
  { min, max, database, query, countPerInstance }: Autoscale,
  metadata: (suffix: string) => k8s.types.input.meta.v1.ObjectMeta,
  opts: pulumi.CustomResourceOptions,
): void {
  const namespace = pulumi.output(metadata("")).apply((meta) => meta?.namespace ?? "");
  const told = loginOf(database, namespace);
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
        triggers: [
          {
            type: "postgresql",
            metadata: { query, targetQueryValue: String(countPerInstance) },
            authenticationRef: { name: authentication.metadata.name },
          },
        ],
      },
    },
    opts,
  );
}
