import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Autoscale, type DatabaseLogin, isInside } from "../../../workload.ts";
import { withDefinitions } from "./definition.ts";

/** Seconds between two polls, and seconds without tasks after which the last instances stop. */
const pace = { pollingInterval: 10, cooldownPeriod: 300 };

/** Makes resources with the returned options wait for KEDA. */
export function needsKeda(name: string, opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  const definitions = ["scaledobjects.keda.sh", "triggerauthentications.keda.sh"] as const;
  return withDefinitions(`autoscale-of-${name}-needs-KEDA-in-the-cluster`, definitions, opts);
}

/** Escapes a value: KEDA builds a connection string, and quotes only values with a space. */
export function quoted(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\");
  return text.includes(" ") ? escaped : escaped.replaceAll("'", "\\'");
}

/** Renders KEDA's parameters: https://keda.sh/docs/latest/scalers/postgresql/#authentication-parameters. */
function loginOf({ target, login }: DatabaseLogin, namespace: pulumi.Input<string>) {
  const fields = pulumi.output(login);
  return {
    // KEDA is in another namespace.
    host: isInside(target) ? pulumi.interpolate`${target.host}.${namespace}.svc` : fields.host,
    port: fields.port.apply(String),
    userName: fields.user.apply(quoted),
    password: fields.password.apply(quoted),
    dbName: fields.database.apply(quoted),
    sslmode: fields.sslmode,
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
  const parameters = loginOf(database, namespace);
  const secret = new k8s.core.v1.Secret(
    `${name}-keda`,
    { metadata: metadata("-keda"), stringData: pulumi.secret(parameters) },
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
      spec: { secretTargetRef: Object.keys(parameters).map(login) },
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
