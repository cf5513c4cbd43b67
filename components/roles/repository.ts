import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type Role, rolesWhere } from "../../roles.ts";
import type { Settings } from "../../settings/model/groups.ts";
import { knownHostsFile } from "../../settings/model/names/ownNames.ts";
import {
  type Repository,
  repositoriesOf,
  repositorySecret,
} from "../../settings/model/names/repositories.ts";
import { type Platform, secretsDirectory } from "../../workload.ts";
import { readSecret } from "../readSecret.ts";
import type { Extras } from "./extras.ts";

/** Roles that read the repositories of DAGs. */
const readers: readonly (Role | "all")[] = [
  ...rolesWhere(({ readsDags }) => readsDags?.includes("3") === true),
  "worker",
];

type Access = Partial<Pick<Extras, "env" | "secrets" | "files">>;

/** Renders settings of git as the variables from which git reads them. */
function gitConfig(settings: readonly (readonly [key: string, value: string])[]): Record<string, string> {
  const entries = settings.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(entries) };
}

/** Lists the URLs for which git uses a repository's password: its server, or its own if another one there has a password. */
function urlsOf({ url }: Repository, all: readonly Repository[]): string[] {
  const { origin } = new URL(url);
  if (all.filter((other) => new URL(other.url).origin === origin).length === 1) return [origin];
  // A server may send git from the URL without the suffix to the URL with it.
  return url.endsWith(".git") ? [url] : [url, `${url}.git`];
}

/** Lets git read passwords from files, each for its repository's server alone: no argument and no URL contains a password. */
export function passwordVariables(
  repositories: readonly Repository[],
  secrets: string,
): Record<string, string> {
  const settings = repositories.flatMap((repository) => {
    const { user = "git", bundle } = repository;
    const file = `${secrets}/${repositorySecret("git_password", bundle)}`;
    const helper = `!f() { test "$1" = get && { printf password=; cat ${file}; echo; }; }; f`;
    return urlsOf(repository, repositories).flatMap((url) => [
      [`credential.${url}.username`, user] as const,
      [`credential.${url}.helper`, helper] as const,
    ]);
  });
  return { ...gitConfig(settings), GIT_TERMINAL_PROMPT: "0" };
}

/** Quotes a text for a shell as git does, which also escapes exclamation marks. */
function shellWord(text: string): string {
  return `'${text.replace(/['!]/g, (mark) => `'\\${mark}'`)}'`;
}

/** Decodes the path of a URL; unlike decodeURIComponent, never throws. */
function decoded(path: string): string {
  return path.replace(/(%[0-9a-f]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll("%", ""), "hex").toString(),
  );
}

/** Renders a command that calls ssh with the key of the repository that git asks for. */
function byRepository(repositories: readonly Repository[], ssh: (key: string) => string): string {
  const cases = repositories.map(({ url, bundle }) => {
    const { username, hostname, pathname } = new URL(url);
    // Git asks for `~user/dags.git` without the slash before it.
    const path = decoded(pathname).replace(/^\/~/, "~");
    const asked = shellWord(`${username}@${hostname} git-upload-pack ${shellWord(path)}`);
    return `*${asked}) ${ssh(repositorySecret("git_key", bundle))} "$@";;`;
  });
  const other = `*) echo "No repository of the stack is asked for: $*" >&2; exit 1;;`;
  return `f() { case "$*" in ${[...cases, other].join(" ")} esac; }; f`;
}

/** Lets git log in over SSH with keys in files, to servers with a known host key alone. */
export function keyVariables(
  repositories: readonly Repository[],
  secrets: string,
  knownHosts: string,
): Record<string, string> {
  const options = ["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes"];
  const all = [...options, `UserKnownHostsFile=${knownHosts}`].map((option) => `-o ${option}`);
  const ssh = (key: string) => ["ssh", "-i", `${secrets}/${key}`, ...all].join(" ");
  const [first, ...others] = repositories;
  if (first && others.length === 0)
    return { GIT_SSH_COMMAND: ssh(repositorySecret("git_key", first.bundle)) };
  return { GIT_SSH_COMMAND: byRepository(repositories, ssh), GIT_SSH_VARIANT: "ssh" };
}

/** Lists the secrets of a repository's login, with their names. */
function secretsOf(
  { bundle, password, key }: Repository,
  platform: Platform,
): (readonly [name: string, text: pulumi.Output<string>])[] {
  const secrets: (readonly [string, pulumi.Output<string>])[] = [];
  if (password !== undefined)
    secrets.push([repositorySecret("git_password", bundle), readSecret(password, platform)]);
  // OpenSSH reads no key without the newline at its end.
  if (key !== undefined)
    secrets.push([
      repositorySecret("git_key", bundle),
      readSecret(key, platform).apply((text) => pulumi.secret(`${text}\n`)),
    ]);
  return secrets;
}

/** Gives a role the logins to the repositories of DAGs that are not public, if the role reads them. */
export function repositoryAccess(
  role: Role | "all",
  settings: Pick<Settings, "dagsGit" | "dagBundles">,
  platform: Platform,
): Access {
  if (!readers.includes(role)) return {};
  const repositories = repositoriesOf(settings);
  const withPassword = repositories.filter(({ password }) => password !== undefined);
  const withKey = repositories.filter(({ key }) => key !== undefined);
  const hosts = withKey.map(({ knownHosts = "" }) => readFileSync(knownHosts, "utf8").trimEnd());
  return {
    env: {
      ...(withPassword.length > 0 && passwordVariables(withPassword, secretsDirectory)),
      ...(withKey.length > 0 && keyVariables(withKey, secretsDirectory, knownHostsFile)),
    },
    secrets: Object.fromEntries(repositories.flatMap((repository) => secretsOf(repository, platform))),
    files: withKey.length > 0 ? { [knownHostsFile]: `${hosts.join("\n")}\n` } : {},
  };
}
