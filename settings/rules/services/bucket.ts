import { authoritiesProblem } from "../../model/certificates.ts";
import { bucketIn } from "../../schema/upkeep/destination.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const keys = ["endpoint", "region", "accessKey", "secretKey", "ca"] as const;
const login = ["accessKey", "secretKey"] as const;

/** Rejects keys of a bucket without a bucket. */
const pointless = rule(["backup.to"], ({ backup }, isGiven) =>
  backup && !bucketIn(backup.to)
    ? keys
        .filter((key) => isGiven(`backup.${key}`))
        .map((key) => ({
          path: ["backup", key],
          message: "it is for a bucket: expected backup.to: s3://BUCKET/PREFIX beside it",
          given: "{…}",
        }))
    : [],
);

/** Requires both parts of a login at the store. */
const wholeLogin = rule([], (_, isGiven) => {
  const [given] = login.filter((key) => isGiven(`backup.${key}`));
  const [absent] = login.filter((key) => !isGiven(`backup.${key}`));
  return given && absent ? faultAt(["backup", absent], `backup.${given} needs it`) : [];
});

const inTheClear = rule(["production", "backup.endpoint"], ({ production, backup }) =>
  faultAt(
    ["backup", "endpoint"],
    production && backup?.endpoint?.startsWith("http:")
      ? "anybody in between could replace or remove backups: expected an https URL"
      : undefined,
  ),
);

/** Rejects authorities that no certificate is checked by. */
const unusedAuthorities = rule(["backup.endpoint"], ({ backup }, isGiven) =>
  faultAt(
    ["backup", "ca"],
    isGiven("backup.ca") && backup?.endpoint?.startsWith("http:")
      ? "backup.endpoint begins with http://, which is without TLS: expected https:// there, or no ca"
      : undefined,
  ),
);

const authorities = rule(["backup.ca"], ({ backup }) =>
  faultAt(["backup", "ca"], backup?.ca === undefined ? undefined : authoritiesProblem(backup.ca)),
);

export const bucketRules = [pointless, wholeLogin, inTheClear, unusedAuthorities];
export const bucketContentRules = [authorities];
