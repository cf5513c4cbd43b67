import type { Plain } from "./cluster.ts";

function definition(kind: string): Plain {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.keda.sh` },
    spec: {
      group: "keda.sh",
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: "v1alpha1", served: true, storage: true, schema }],
    },
  };
}

/** KEDA's resource definitions, without a controller. */
export const stub: readonly Plain[] = [definition("ScaledObject"), definition("TriggerAuthentication")];

export const stubNames: readonly string[] = ["scaledobjects.keda.sh", "triggerauthentications.keda.sh"];
