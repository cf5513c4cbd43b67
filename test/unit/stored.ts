import { createRequire } from "node:module";
import { type StoredProvider, sourceOf } from "../../dynamicResource.ts";

/** Loads a provider as the engine does from the state: from its source text, outside this project. */
export function fromState<Inputs, Outputs>(stored: StoredProvider<Inputs, Outputs>) {
  const exports: { handler?: () => StoredProvider<Inputs, Outputs>["provider"] } = {};
  new Function("exports", "require", sourceOf(stored))(exports, createRequire(import.meta.url));
  if (!exports.handler) throw new Error("the stored source exports no handler");
  return exports.handler();
}
