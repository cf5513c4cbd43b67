import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Secrets that are in the namespace already, each looked up once. */
export class GivenSecrets {
  private readonly namespace: string;
  private readonly options: pulumi.CustomResourceOptions;
  private readonly found = new Map<string, k8s.core.v1.Secret>();

  constructor(namespace: string, options: pulumi.CustomResourceOptions) {
    this.namespace = namespace;
    this.options = options;
  }

  /** Returns the value of a key of a Secret; fails if the Secret has no such key. */
  value(name: string, key: string): pulumi.Output<string> {
    const { namespace } = this;
    const found = this.found.get(name) ?? this.find(name);
    const value = found.data.apply(({ [key]: encoded }) => {
      if (encoded === undefined)
        throw new Error(`Secret ${name} in namespace ${namespace} has no ${key}; expected that key in it.`);
      return Buffer.from(encoded, "base64").toString("utf8");
    });
    return pulumi.secret(value);
  }

  /** Looks up a Secret. All of it is secret: `kubectl apply` may have left its contents in an annotation. */
  private find(name: string): k8s.core.v1.Secret {
    const found = k8s.core.v1.Secret.get(`given-${name}`, `${this.namespace}/${name}`, {
      ...this.options,
      additionalSecretOutputs: ["data", "metadata"],
    });
    this.found.set(name, found);
    return found;
  }
}
