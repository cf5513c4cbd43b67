import { kubectl } from "../live/targets/kubernetes.ts";
import { Namespace, type Plain } from "./cluster.ts";

function definition(group: string, version: string, kind: string): Plain {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

/** Resource definitions of KEDA and of the Prometheus Operator, without their controllers. */
const stub: readonly Plain[] = [
  definition("keda.sh", "v1alpha1", "ScaledObject"),
  definition("keda.sh", "v1alpha1", "TriggerAuthentication"),
  definition("monitoring.coreos.com", "v1", "ServiceMonitor"),
  definition("monitoring.coreos.com", "v1", "PrometheusRule"),
];

const stubNames: readonly string[] = [
  "scaledobjects.keda.sh",
  "triggerauthentications.keda.sh",
  "servicemonitors.monitoring.coreos.com",
  "prometheusrules.monitoring.coreos.com",
];

/** Applies the definitions, written to a folder first, and waits until the cluster serves them. */
export async function define(folder: string): Promise<void> {
  await new Namespace("default").apply(folder, stub);
  await kubectl("wait", "--for=condition=Established", ...stubNames.map((name) => `crd/${name}`));
}

/** Removes the definitions with all resources of theirs. */
export async function undefine(): Promise<void> {
  await kubectl("delete", "crd", "--ignore-not-found", ...stubNames);
}
