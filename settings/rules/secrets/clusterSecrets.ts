import { capabilities } from "../../../capabilities.ts";
import { secretParts, secretSources } from "../../model/sources.ts";
import { clusterName } from "../../schema/values.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Rejects references to Secrets on platforms without them, and names that no Secret, or no key in it, can have. */
export const clusterSecretRule = rule(["platform", ...secretParts], ({ platform, ...parsed }) =>
  secretSources(parsed).flatMap(({ path, source }): Fault[] => {
    if (typeof source === "string" || !("secret" in source)) return [];
    const { secret, key } = source;
    if (!capabilities[platform].secrets) {
      const message =
        "a Secret needs platform: kubernetes; on Docker expected { file: PATH }, or the value that npm run secret writes";
      return [{ path, message }];
    }
    const [name] = clusterName.safeParse(secret).error?.issues ?? [];
    const isKey = /^(?!\.\.)[\w.-]{1,253}$/.test(key);
    return [
      ...faultAt([...path, "secret"], name?.message, secret),
      ...faultAt(
        [...path, "key"],
        isKey ? undefined : "expected a key of a Secret: letters, digits, '-', '_' and '.', 253 at most",
        key,
      ),
    ];
  }),
);
