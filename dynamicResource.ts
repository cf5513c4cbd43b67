import * as pulumi from "@pulumi/pulumi";

/** A provider whose code is kept in the state and runs from there, since `destroy` runs no program. */
export interface StoredProvider<Inputs, Outputs> {
  readonly provider: pulumi.dynamic.ResourceProvider<Inputs, Outputs>;
  /** All functions that the provider's methods call. The only other name that both may use is `crypto`. */
  readonly functions: readonly ((...args: never[]) => unknown)[];
}

/**
 * Returns the source of a CommonJS module whose `handler` returns the provider. Pulumi's own serialisation
 * finds the functions by itself, but loads a compiler for that: a quarter of the CPU time of every
 * deployment.
 */
export function sourceOf<Inputs, Outputs>({ provider, functions }: StoredProvider<Inputs, Outputs>): string {
  const methods = Object.values(provider).map(String);
  return [
    'const crypto = require("node:crypto");',
    ...functions.map(String),
    `exports.handler = () => ({\n${methods.join(",\n")}\n});`,
    "",
  ].join("\n");
}

/** A resource that Node.js itself makes; it has the type of a `pulumi.dynamic.Resource`. */
export class DynamicResource<Inputs, Outputs> extends pulumi.CustomResource {
  constructor(
    stored: StoredProvider<Inputs, Outputs>,
    name: string,
    props: pulumi.Inputs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("pulumi-nodejs:dynamic:Resource", name, { ...props, __provider: sourceOf(stored) }, opts);
  }
}
