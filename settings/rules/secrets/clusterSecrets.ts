import { sources } from "../../model/sources.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Rejects Kubernetes Secrets on Docker engines, which have none. */
export function clusterSecretFaults(parsed: ParsedConfig): Fault[] {
  if (parsed.platform === "kubernetes") return [];
  return sources(parsed)
    .filter(({ source }) => typeof source === "object" && "secret" in source)
    .map(({ path }) => ({
      path,
      message:
        "a Secret needs platform: kubernetes; on Docker expected { file: PATH } and what npm run secret writes",
    }));
}
