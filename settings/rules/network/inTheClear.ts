import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Explains who may change DAGs that are read over plain http. */
function problem(production: boolean, url = ""): string | undefined {
  return production && url.startsWith("http:")
    ? "anybody in between could replace the DAGs, and read a password: expected an https or ssh URL"
    : undefined;
}

const repository = rule(["production", "dagsGit.url"], ({ production, dagsGit }) =>
  faultAt(["dagsGit", "url"], problem(production, dagsGit?.url)),
);

const bundles = rule(["production", "dagBundles.*.url"], ({ production, dagBundles }) =>
  dagBundles.flatMap(([at, { url }]) => faultAt(["dagBundles", at, "url"], problem(production, url))),
);

const spans = rule(["production", "tracing.endpoint"], ({ production, tracing }, isGiven) =>
  faultAt(
    ["tracing", "endpoint"],
    production && isGiven("tracing.headers") && tracing?.endpoint.startsWith("http:")
      ? "anybody in between could read tracing.headers: expected an https URL"
      : undefined,
  ),
);

/** Rules about secrets and code that production may not send in the clear. */
export const inTheClearRules = [repository, bundles, spans];
