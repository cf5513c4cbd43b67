import type { ParsedConfig } from "../../schema/schema.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

type Repository = NonNullable<ParsedConfig["dagsGit"]>;

/** Explains who may read the password of a repository that is read over plain http. */
function problem(production: boolean, { url, password }: Pick<Repository, "url" | "password">) {
  return production && password !== undefined && url.startsWith("http:")
    ? "anybody in between could read the password, and replace the DAGs: expected an https or ssh URL"
    : undefined;
}

const repository = rule(["production", "dagsGit.url", "dagsGit.password"], ({ production, dagsGit }) =>
  faultAt(["dagsGit", "url"], dagsGit && problem(production, dagsGit)),
);

const bundles = rule(
  ["production", "dagBundles.*.url", "dagBundles.*.password"],
  ({ production, dagBundles }) =>
    dagBundles.flatMap(([at, bundle]) => faultAt(["dagBundles", at, "url"], problem(production, bundle))),
);

const spans = rule(["production", "tracing.endpoint"], ({ production, tracing }, isGiven) =>
  faultAt(
    ["tracing", "endpoint"],
    production && isGiven("tracing.headers") && tracing?.endpoint.startsWith("http:")
      ? "anybody in between could read tracing.headers: expected an https URL"
      : undefined,
  ),
);

/** Rules about secrets that production may not send in the clear. */
export const inTheClearRules = [repository, bundles, spans];
