import { handled, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import { namedSecretRule, off, secretRule, type ValueLookup, versionIn } from "./values.ts";

/** URL of a repository; git's own form for ssh, `git@HOST:PATH`, is none. */
function repositoryUrl(text: string): string {
  return text.replace(/^([\w.-]+@[\w.-]+):\/?/, "ssh://$1/");
}

/** Login over https, from a Secret in the form that git-sync reads. */
function takeLogin(secret: unknown): Outcome {
  return {
    kind: "taken",
    targets: [{ path: ["dagsGit", "password"], value: { secret, key: "GITSYNC_PASSWORD" } }],
    todo: "dagsGit.user, if the Secret's GITSYNC_USERNAME is not git",
  };
}

export const gitSync = (item: Item, values: ValueLookup): Outcome => {
  if (values("dags.gitSync.enabled") !== true) return off;
  const version = versionIn(values);
  if (version.startsWith("2."))
    return unsupported(`Airflow ${version} reads no repository by itself: build your DAGs into dagsImage`);
  const text = String(item.value);
  const ref = text.replace(/^refs\/(heads|tags)\//, "");
  const outcomes: Readonly<Record<string, Outcome>> = {
    enabled: handled("dagsGit turns it on"),
    repo: {
      kind: "taken",
      targets: [{ path: ["dagsGit", "url"], value: repositoryUrl(text) }],
      todo: "kubernetes.egress, if the server is in a private network: without it roles reach the internet alone; DAGs of submodules, which Airflow does not fetch: copy them into the repository",
    },
    branch: taken(["dagsGit", "ref"], ref),
    ref: taken(["dagsGit", "ref"], ref),
    rev:
      text === "HEAD" ? handled("the newest commit of the branch is read") : taken(["dagsGit", "ref"], ref),
    subPath: taken(["dagsGit", "folder"], text.replace(/^\/+|\/+$/g, "")),
    credentialsSecret: takeLogin(item.value),
    sshKeySecret: namedSecretRule(["dagsGit", "key"], "gitSshKey")(item),
    sshKey: secretRule(["dagsGit", "key"])(item),
    knownHosts: unsupported("write it to a file, and name that in dagsGit.knownHosts"),
    env: unsupported("it has no container: Airflow reads the repository by itself"),
  };
  return outcomes[item.match[0] ?? ""] ?? handled("Airflow reads the repository by itself, every 30 s");
};

export const dagsClaim = (_: Item, values: ValueLookup): Outcome =>
  values("dags.persistence.enabled") === true
    ? unsupported("a cluster has its DAGs from an image (dagsImage) or from Git (dagsGit)")
    : off;
