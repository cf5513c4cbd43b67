import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/**
 * Makes resources with the returned options wait for resource definitions of the cluster. Where a definition is missing,
 * its lookup fails; the name of the lookup says what is needed.
 * @param need such as `autoscale-of-worker-needs-KEDA-in-the-cluster`
 * @param definitions of all kinds that the resources have, such as `scaledobjects.keda.sh`
 */
export function withDefinitions(
  need: string,
  definitions: readonly [string, ...string[]],
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResourceOptions {
  const dependsOn = definitions.map((definition, at) => {
    const [kind] = definition.split(".");
    const name = at === 0 ? need : `${need}-with-${kind}`;
    return k8s.apiextensions.v1.CustomResourceDefinition.get(name, definition, opts);
  });
  return pulumi.mergeOptions(opts, { dependsOn });
}
