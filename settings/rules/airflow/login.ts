import { readFileSync } from "node:fs";
import { type AirflowOption, airflowOption } from "../../model/airflowOptions.ts";
import { codeFiles, webserverConfig } from "../../model/names/ownCode.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

function fault(
  given: AirflowOption | undefined,
  isWrong: (value: string) => boolean,
  message: string,
): Fault[] {
  return given && isWrong(given.value) ? [{ path: given.path, message, given: given.value }] : [];
}

/** Checks of settings with which Airflow lets people in without a login, or lets nobody in. */
const authManager = rule(["settings.core.auth_manager"], (parsed) =>
  fault(
    airflowOption(parsed, "core.auth_manager"),
    (value) => !value.endsWith("FabAuthManager"),
    "the stack's logins are those of FabAuthManager: expected that, or leave it out; " +
      "SimpleAuthManager is for development and writes passwords to a file",
  ),
);

const allAdmins = rule(["settings.core.simple_auth_manager_all_admins"], (parsed) =>
  fault(
    airflowOption(parsed, "core.simple_auth_manager_all_admins"),
    (value) => value.toLowerCase() === "true",
    "it makes everybody an administrator, without a login: expected False",
  ),
);

const backends = (["api.auth_backends", "fab.auth_backends"] as const).map((name) =>
  rule([`settings.${name}`], (parsed) => {
    const given = airflowOption(parsed, name);
    return [
      ...fault(
        given,
        (value) => /\.default\b/.test(value),
        "backend.default answers everybody, without a login: expected basic_auth, session and kerberos_auth",
      ),
      ...fault(
        given,
        (value) => /\bdeny_all\b/.test(value),
        "backend.deny_all answers nobody, the stack's own commands included: expected basic_auth, session and kerberos_auth",
      ),
    ];
  }),
);

const publicRoleMessage =
  "its AUTH_ROLE_PUBLIC gives a role to everybody, without a login: expected a file without it, with users for people";

function givesPublicRole(file: string): boolean {
  return /^\s*AUTH_ROLE_PUBLIC\s*=\s*["'](?!Public["'])/m.test(readFileSync(file, "utf8"));
}

/** Rejects a webserver_config.py that gives everybody a role without a login. */
const publicRole = rule(["roles.*.files.*"], ({ roles }) =>
  Object.entries(roles).flatMap(([role, { files }]) =>
    Object.entries(files)
      .filter(([path]) => path.endsWith("/webserver_config.py"))
      .filter(([, file]) => givesPublicRole(file))
      .map(([path]) => ({ path: ["roles", role, "files", path], message: publicRoleMessage })),
  ),
);

const publicRoleInCode = rule(["dags", "plugins", "config"], (parsed) =>
  codeFiles(parsed)
    .filter(({ path, source }) => path === webserverConfig && givesPublicRole(source))
    .map(({ key }) => ({ path: [key], message: publicRoleMessage })),
);

export const loginRules = [authManager, allAdmins, ...backends, publicRole, publicRoleInCode];
