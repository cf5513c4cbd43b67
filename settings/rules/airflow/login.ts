import { readFileSync } from "node:fs";
import { codeFiles, webserverConfig } from "../../model/names/ownCode.ts";
import { entryFaults } from "../roles/entries.ts";
import { rule } from "../rule.ts";
import { optionRule } from "./option.ts";

/** Settings with which Airflow lets people in without a login, or nobody at all, each with its wrong values. */
const unsafe: readonly (readonly [name: `${string}.${string}`, wrong: RegExp, message: string])[] = [
  [
    "core.auth_manager",
    /^(?!.*FabAuthManager$)/s,
    "the stack manages its logins with FabAuthManager: expected FabAuthManager, or no value; " +
      "SimpleAuthManager is for development and writes passwords to a file",
  ],
  [
    "core.simple_auth_manager_all_admins",
    /^true$/i,
    "it makes everybody an administrator, without a login: expected False",
  ],
  ...(["api.auth_backends", "fab.auth_backends"] as const).flatMap((name) => [
    [
      name,
      /\.default\b/,
      "backend.default answers everybody, without a login: expected some of basic_auth, session and kerberos_auth",
    ] as const,
    [
      name,
      /\bdeny_all\b/,
      "backend.deny_all answers nobody, the stack's own commands included: expected some of basic_auth, session and kerberos_auth",
    ] as const,
  ]),
];

const logins = unsafe.map(([name, wrong, message]) =>
  optionRule(name, (value) => (wrong.test(value) ? message : undefined)),
);

const publicRoleMessage =
  "its AUTH_ROLE_PUBLIC gives a role to everybody, without a login: expected a file without it, with users for people";

function givesPublicRole(file: string): boolean {
  return /^\s*AUTH_ROLE_PUBLIC\s*=\s*["'](?!Public["'])/m.test(readFileSync(file, "utf8"));
}

/** Rejects a webserver_config.py that gives everybody a role without a login. */
const publicRole = rule(["roles.*.files.*"], ({ roles }) =>
  entryFaults(roles, "files", (path, file) =>
    path.endsWith("/webserver_config.py") && givesPublicRole(file) ? publicRoleMessage : undefined,
  ),
);

const publicRoleInCode = rule(["dags", "plugins", "config"], (parsed) =>
  codeFiles(parsed)
    .filter(({ path, source }) => path === webserverConfig && givesPublicRole(source))
    .map(({ key }) => ({ path: [key], message: publicRoleMessage })),
);

export const loginRules = [...logins, publicRole, publicRoleInCode];
