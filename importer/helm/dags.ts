import { handled, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import { off, type Values, versionIn } from "./values.ts";

export const gitSync = (item: Item, values: Values): Outcome => {
  if (values("dags.gitSync.enabled") !== true) return off;
  const version = versionIn(values);
  if (version.startsWith("2."))
    return unsupported(`Airflow ${version} reads no repository by itself: build your DAGs into dagsImage`);
  const text = String(item.value);
  const ref = text.replace(/^refs\/(heads|tags)\//, "");
  const meanings: Readonly<Record<string, Outcome>> = {
    enabled: handled("dagsGit turns it on"),
    repo: taken(["dagsGit", "url"], text),
    branch: taken(["dagsGit", "ref"], ref),
    ref: taken(["dagsGit", "ref"], ref),
    rev:
      text === "HEAD" ? handled("the newest commit of the branch is read") : taken(["dagsGit", "ref"], ref),
    subPath: taken(["dagsGit", "folder"], text.replace(/^\/+|\/+$/g, "")),
    credentialsSecret: unsupported("the stack reads repositories without a login"),
    sshKeySecret: unsupported("the stack reads repositories by https, without a login"),
    knownHosts: unsupported("the stack reads repositories by https"),
    env: unsupported("it has no container: Airflow reads the repository by itself"),
  };
  return meanings[item.match[0] ?? ""] ?? handled("Airflow reads the repository by itself, every 30 s");
};

export const dagsClaim = (_: Item, values: Values): Outcome =>
  values("dags.persistence.enabled") === true
    ? unsupported("a cluster has its DAGs from an image (dagsImage) or from Git (dagsGit)")
    : off;
