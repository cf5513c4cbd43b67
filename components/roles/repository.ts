import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type Role, rolesWhere } from "../../roles.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { knownHostsFile } from "../../settings/model/names/ownNames.ts";
import { type Platform, secretsDirectory } from "../../workload.ts";
import { readSecret } from "../readSecret.ts";
import type { Extras } from "./extras.ts";

/** Roles that read the repository of DAGs. */
const readers: readonly (Role | "all")[] = [
  ...rolesWhere(({ readsDags }) => readsDags?.includes("3") === true),
  "worker",
];

type Access = Partial<Pick<Extras, "env" | "secrets" | "files">>;
type Repository = NonNullable<Settings["dagsGit"]>;

/** Renders settings of git as the variables from which git reads them. */
function gitConfig(settings: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(settings).flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(Object.keys(settings).length), ...Object.fromEntries(entries) };
}

/** Lets git read the password from a file, for this server alone: no argument and no URL contains the password. */
export function passwordVariables(
  { url, user = "git" }: Repository,
  secrets: string,
): Record<string, string> {
  const { origin } = new URL(url);
  const helper = `!f() { test "$1" = get && { printf password=; cat ${secrets}/git_password; echo; }; }; f`;
  return {
    ...gitConfig({ [`credential.${origin}.username`]: user, [`credential.${origin}.helper`]: helper }),
    GIT_TERMINAL_PROMPT: "0",
  };
}

/** Lets git log in over SSH with the key in a file, to servers with a known host key alone. */
export function keyVariables(secrets: string, knownHosts: string): Record<string, string> {
  const options = ["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes"];
  const all = [...options, `UserKnownHostsFile=${knownHosts}`].map((option) => `-o ${option}`);
  return { GIT_SSH_COMMAND: ["ssh", "-i", `${secrets}/git_key`, ...all].join(" ") };
}

/** Gives a role the login to the repository of DAGs, if the role reads it and the repository is not public. */
export function repositoryOf(
  role: Role | "all",
  { dagsGit }: Pick<Settings, "dagsGit">,
  platform: Platform,
): Access {
  if (!dagsGit || !readers.includes(role)) return {};
  const { password, key, knownHosts } = dagsGit;
  if (password !== undefined) {
    return {
      env: passwordVariables(dagsGit, secretsDirectory),
      secrets: { git_password: readSecret(password, platform) },
    };
  }
  if (key === undefined || knownHosts === undefined) return {};
  return {
    env: keyVariables(secretsDirectory, knownHostsFile),
    // OpenSSH reads no key without the newline at its end.
    secrets: { git_key: readSecret(key, platform).apply((text) => pulumi.secret(`${text}\n`)) },
    files: { [knownHostsFile]: readFileSync(knownHosts, "utf8") },
  };
}
