import * as pulumi from "@pulumi/pulumi";

/** Removes Pulumi's marks of secrets from inputs, at any depth. */
export function unmarked(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return unmarked(pulumi.runtime.unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unmarked(inner)]));
}
