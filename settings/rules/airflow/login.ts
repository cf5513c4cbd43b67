import { readFileSync } from "node:fs";
import { codeFiles, webserverConfig } from "../../model/names/ownCode.ts";
import { entryFaults } from "../roles/entries.ts";
import { type Rule, rule } from "../rule.ts";
import { optionRule } from "./option.ts";

/** Wrong values of a setting, with what is wrong and what is expected. */
type Wrong = readonly [name: `${string}.${string}`, wrong: RegExp, message: string];

/** Settings with which Airflow lets people in without a login, or nobody at all. */
const unsafe: readonly Wrong[] = [
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

function refusing([name, wrong, message]: Wrong): Rule {
  return optionRule(name, (value) => (wrong.test(value) ? message : undefined));
}

const session =
  "a session would outlive its logout, and whoever has secrets.apiSecretKey, as workers do, could make one: expected database, or no value";

/** Settings that undo what the stack guards, as values of webserver_config.py do that are refused. */
const unguarding: readonly Wrong[] = [
  ["fab.session_backend", /^(?!database$)/, session],
  ["webserver.session_backend", /^(?!database$)/, session],
  [
    "fab.auth_role_public",
    /^(?!(Public)?$)/,
    "it gives a role to everybody, without a login: expected no value, with users for people",
  ],
  // Airflow 3 masks secrets with each value.
  [
    "webserver.expose_config",
    /^(true|t|1)$/i,
    "it shows the stack's passwords and keys to people with the role Op: expected non-sensitive-only",
  ],
];

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

export const loginRules = [...unsafe.map(refusing), publicRole, publicRoleInCode];

/** Rules about settings that earlier releases accepted. */
export const guardRules = unguarding.map(refusing);
