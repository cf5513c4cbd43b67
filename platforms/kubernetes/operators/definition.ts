import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/**
 * Makes resources with the returned options wait for a resource definition of the cluster. Where the definition is
 * missing, its lookup fails; the name of the lookup says what is needed.
 * @param need such as `autoscale-of-worker-needs-KEDA-in-the-cluster`
 * @param definition such as `scaledobjects.keda.sh`
 */
export function withDefinition(
  need: string,
  definition: string,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResourceOptions {
  const found = k8s.apiextensions.v1.CustomResourceDefinition.get(need, definition, opts);
  return pulumi.mergeOptions(opts, { dependsOn: [found] });
}
