import type { Stack } from "../stack.ts";
import { type ExportedState, withResources } from "../state.ts";

/** Reads the state of a stack, with its secrets in the clear. */
export async function readOpenState(stack: Stack): Promise<ExportedState> {
  const state: ExportedState = JSON.parse(await stack.pulumi(["stack", "export", "--show-secrets"]));
  const isSecret = (value: unknown): value is { readonly plaintext: string } =>
    typeof value === "object" && value !== null && "plaintext" in value;
  const opened = (value: unknown) => (isSecret(value) ? JSON.parse(value.plaintext) : value);
  const resources = (state.deployment.resources ?? []).map((one) => ({
    ...one,
    outputs: Object.fromEntries(
      Object.entries(one.outputs ?? {}).map(([key, value]) => [key, opened(value)]),
    ),
  }));
  return withResources(state, resources);
}
