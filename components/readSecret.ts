import * as pulumi from "@pulumi/pulumi";
import { type SecretSource, secretIn, withoutNewline } from "../settings/schema/secret.ts";
import type { Platform } from "../workload.ts";

function contents(file: string): string {
  const text = secretIn(file);
  if (text === "") throw new Error(`${file} is empty; expected a secret in it.`);
  return text;
}

/**
 * Reads a secret from the source that the stack names: its value, or the contents of a file, or of a key of a Secret in
 * the cluster, without the final newline.
 * @throws Error if the file is empty or cannot be read, or the platform has no Kubernetes Secrets
 */
export function readSecret(source: SecretSource, platform: Platform): pulumi.Output<string> {
  if (typeof source === "string") return pulumi.secret(source);
  if ("file" in source) return pulumi.secret(contents(source.file));
  return pulumi.secret(platform.secret(source.secret, source.key).apply(withoutNewline));
}
