import { airflowOption } from "../../model/airflowOptions.ts";
import { codeFiles, webserverConfig } from "../../model/names/ownCode.ts";
import { knownVersions, majorOf } from "../../schema/versions.ts";
import { faultAt } from "../fault.ts";
import { entryFaults } from "../roles/entries.ts";
import { rule } from "../rule.ts";

const path = ["login"];

const oneProvider = rule(["version", "login"], ({ version, login }) => {
  if (!login) return [];
  if (majorOf(version) === "2") {
    const message = `the stack configures no provider of Airflow ${version}: expected version ${knownVersions.at(-1)}, or a webserver_config.py in config`;
    return [{ path, message }];
  }
  const isOne = (login.oidc === undefined) !== (login.ldap === undefined);
  return isOne ? [] : [{ path, message: "Airflow knows one provider: expected either oidc or ldap" }];
});

/** Rejects groups of a directory that nobody is in, since `memberOf` has distinguished names. */
const groupNames = rule(["login"], ({ login }) => {
  if (login?.ldap?.groups.toLowerCase() !== "memberof") return [];
  const message = "memberOf has distinguished names: expected one, cn=data-team,ou=groups,dc=example,dc=com";
  const stray = Object.keys(login.roles).filter((group) => !group.includes("="));
  return stray.map((group) => ({ path: ["login", "roles", group], message }));
});

/** Rejects an address of Flower's own, with a password instead of the login. */
const flowerAddress = rule([], (_, isGiven) =>
  (["publish.flowerPort", "kubernetes.ingress.flower"] as const)
    .filter((key) => isGiven("login") && isGiven(key))
    .map((key) => ({
      path: key.split("."),
      message: "with login, Flower is below the webserver, at /flower/: expected no value; remove it",
    })),
);

const ownFile =
  "login is written to a webserver_config.py of the stack's own: expected only one of them; without login, the file can name a provider";

const fileInCode = rule(["dags", "plugins", "config"], (parsed, isGiven) =>
  isGiven("login")
    ? codeFiles(parsed)
        .filter(({ path }) => path === webserverConfig)
        .map(({ key }) => ({ path: [key], message: ownFile }))
    : [],
);

const fileOfRole = rule(["roles.*.files.*"], ({ roles }, isGiven) =>
  entryFaults(roles, "files", (path) =>
    isGiven("login") && path.endsWith("/webserver_config.py") ? ownFile : undefined,
  ),
);

const fileInSettings = rule(["settings.fab"], (parsed, isGiven) => {
  const file = airflowOption(parsed, "fab.config_file");
  return file && isGiven("login") ? faultAt(file.path, ownFile) : [];
});

const inTheClear = rule(["production", "login.oidc.issuer"], ({ production, login }) =>
  faultAt(
    ["login", "oidc", "issuer"],
    production && login?.oidc?.issuer.startsWith("http:")
      ? "anybody in between could log in as anybody: expected an https URL"
      : undefined,
  ),
);

export const loginProviderRules = [
  oneProvider,
  groupNames,
  flowerAddress,
  fileInCode,
  fileOfRole,
  fileInSettings,
  inTheClear,
];
