import { builtVersions } from "../../../images/local.ts";
import { type RoleFacts, roles, roleTable } from "../../../roles.ts";
import { knownVersions, majorOf, releaseOf, rolesIn } from "../../schema/versions.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

const known = knownVersions.join(" or ");
const latest = knownVersions.at(-1);

/** Rejects versions whose settings are unknown, or for which there is no image. */
const knownVersion = rule(["version"], ({ version }, isGiven) => {
  const path = ["version"];
  const built = builtVersions();
  if (releaseOf(version) === undefined)
    return faultAt(
      path,
      `expected ${known}; ${built.join(" and ")} are built here, others need images.airflow`,
    );
  if (isGiven("images.airflow") || built.includes(version)) return [];
  const message = `expected ${built.join(" or ")}, which are built here, or images.airflow, an image with this version`;
  return [{ path, message }];
});

/** Rejects repositories of DAGs in Airflow 2. */
const repository = rule(["version"], ({ version }, isGiven) => {
  if (majorOf(version) === "3") return [];
  const message = `Airflow ${version} cannot read a repository by itself: expected version ${latest}, or dags or dagsImage`;
  return (["dagsGit", "dagBundles"] as const)
    .filter((key) => isGiven(key))
    .map((key) => ({ path: [key], message }));
});

/** Rejects keys for what Airflow 2 lacks. */
const later = rule(["version", "logFormat"], ({ version, logFormat }, isGiven) => {
  if (majorOf(version) === "3") return [];
  const traces = `Airflow ${version} has no settings for an endpoint or headers: expected version ${latest}, or settings.traces`;
  const json = `Airflow ${version} writes only text: expected text, or version ${latest}`;
  return [
    ...(isGiven("tracing") ? [{ path: ["tracing"], message: traces }] : []),
    ...(logFormat === "json" ? [{ path: ["logFormat"], message: json }] : []),
  ];
});

/** Rejects triggerers of groups in Airflow 2. */
const triggererGroups = rule(["version", "workerGroups.*.triggerers"], ({ version, workerGroups }) =>
  workerGroups.flatMap(([at, { triggerers }]) =>
    majorOf(version) === "3" || triggerers === undefined
      ? []
      : [
          {
            path: ["workerGroups", at, "triggerers"],
            message: `triggers of Airflow ${version} have no queues: expected version ${latest}, or triggerers of the whole stack`,
          },
        ],
  ),
);

/** Rejects roles that the version does not have. */
const absentRoles = rule(["version", "machines.*.roles.*"], ({ version, machines = [] }, isGiven) => {
  const absent = roles.filter((role) => !rolesIn(version).includes(role));
  return absent.flatMap((role) => {
    const placed = machines.flatMap(([at, { roles = [] }]) =>
      roles.flatMap(([index, other]) => (other === role ? [["machines", at, "roles", index]] : [])),
    );
    const extras = isGiven(`roles.${role}`) ? [["roles", role]] : [];
    const { absence = "and needs none" }: RoleFacts = roleTable[role];
    const message = `Airflow ${version} has no ${role}, ${absence}`;
    return [...placed, ...extras].map((path) => ({ path, message }));
  });
});

export const versionRules = [knownVersion, repository, later, triggererGroups, absentRoles];
