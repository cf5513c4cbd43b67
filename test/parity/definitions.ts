import type { Plain } from "./cluster.ts";

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
export const stub: readonly Plain[] = [
  definition("keda.sh", "v1alpha1", "ScaledObject"),
  definition("keda.sh", "v1alpha1", "TriggerAuthentication"),
  definition("monitoring.coreos.com", "v1", "ServiceMonitor"),
  definition("monitoring.coreos.com", "v1", "PrometheusRule"),
];

export const stubNames: readonly string[] = [
  "scaledobjects.keda.sh",
  "triggerauthentications.keda.sh",
  "servicemonitors.monitoring.coreos.com",
  "prometheusrules.monitoring.coreos.com",
];
