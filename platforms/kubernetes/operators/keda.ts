import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { inUrl } from "../../../settings/model/urls/escapes.ts";
import { type Autoscale, type DatabaseLogin, isInside } from "../../../workload.ts";
import { withDefinitions } from "./definition.ts";

/** Seconds between two polls, and seconds without tasks after which the last instances stop. */
const pace = { pollingInterval: 10, cooldownPeriod: 300 };

/**
 * Stops an instance a minute, once fewer have sufficed for ten. An instance that ends its last tasks takes no other, and
 * no new one has its place meanwhile, so several at once would leave too few for the next tasks.
 */
export const scaleDown = {
  stabilizationWindowSeconds: 600,
  policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
};

/** Makes resources with the returned options wait for KEDA. */
export function needsKeda(name: string, opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  const definitions = ["scaledobjects.keda.sh", "triggerauthentications.keda.sh"] as const;
  return withDefinitions(`autoscale-of-${name}-needs-KEDA-in-the-cluster`, definitions, opts);
}

/**
 * Renders KEDA's parameters: https://keda.sh/docs/latest/scalers/postgresql/#authentication-parameters. A URL, since
 * versions quote single parameters differently; the others besides, by which KEDA tells its connections apart.
 */
function loginOf({ target, login }: DatabaseLogin, namespace: pulumi.Input<string>) {
  return pulumi
    .all([login, namespace])
    .apply(([{ user, password, port, database, sslmode, ...given }, stack]) => {
      // KEDA is in another namespace.
      const host = isInside(target) ? `${target.host}.${stack}.svc` : given.host;
      const [name, word, path] = [user, password, database].map(inUrl);
      const connection = `postgresql://${name}:${word}@${host}:${port}/${path}?sslmode=${sslmode}`;
      return { connection, host, userName: user, dbName: database };
    });
}

/** Keys of {@link loginOf}. */
const parameters = ["connection", "host", "userName", "dbName"];

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
  const secret = new k8s.core.v1.Secret(
    `${name}-keda`,
    { metadata: metadata("-keda"), stringData: pulumi.secret(loginOf(database, namespace)) },
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
      spec: { secretTargetRef: parameters.map(login) },
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
        advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown } } },
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
