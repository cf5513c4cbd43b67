import { capabilities } from "../../../capabilities.ts";
import { sourceParts, sources } from "../../model/sources.ts";
import { rule } from "../rule.ts";

/** Rejects Secrets of a cluster where there are none. */
export const clusterSecretRule = rule(["platform", ...sourceParts], ({ platform, ...parsed }) => {
  if (capabilities[platform].secrets) return [];
  return sources(parsed)
    .filter(({ source }) => typeof source === "object" && "secret" in source)
    .map(({ path }) => ({
      path,
      message:
        "a Secret needs platform: kubernetes; on Docker expected { file: PATH } and what npm run secret writes",
    }));
});
