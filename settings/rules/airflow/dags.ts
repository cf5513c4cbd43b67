import { readFileSync } from "node:fs";
import { textOf } from "../../model/sources.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { mayKnow, sshKeyFault } from "../secrets/sshKey.ts";

/** Rejects more than one source of DAGs. */
const sources = rule([], (_, isGiven) => {
  if (!isGiven("dagsGit")) return [];
  return [
    ...(isGiven("dagsImage") ? [{ path: ["dagsGit"], message: "expected either this or dagsImage" }] : []),
    ...(isGiven("dags") ? [{ path: ["dags"], message: "expected either this or dagsGit" }] : []),
  ];
});

/** Requires what opens the repository to fit its URL. */
const access = rule(["dagsGit.url"], ({ dagsGit }, isGiven): Fault[] => {
  if (!dagsGit) return [];
  const isSsh = dagsGit.url.startsWith("ssh:");
  const refused = isSsh ? (["user", "password"] as const) : (["key", "knownHosts"] as const);
  const way = isSsh ? "ssh: expected key and knownHosts" : "http: expected user and password";
  const found: Fault[] = refused
    .filter((key) => isGiven(`dagsGit.${key}`))
    .map((key) => ({ path: ["dagsGit", key], message: `the repository is read over ${way}` }));
  if (isSsh) {
    for (const key of ["key", "knownHosts"] as const)
      if (!isGiven(`dagsGit.${key}`))
        found.push({ path: ["dagsGit", key], message: "a repository is read over ssh with it" });
  } else if (isGiven("dagsGit.user") && !isGiven("dagsGit.password"))
    found.push({ path: ["dagsGit", "password"], message: "dagsGit.user needs it" });
  return found;
});

/** Requires the program that reads over ssh, which the image that is built here lacks. */
const client = rule(["dagsGit.url", "systemPackages"], ({ dagsGit, systemPackages }, isGiven): Fault[] => {
  if (!dagsGit?.url.startsWith("ssh:") || isGiven("images.airflow")) return [];
  if (systemPackages.some((name) => name.replace(/=.*/, "") === "openssh-client")) return [];
  return [
    {
      path: ["dagsGit", "url"],
      message: "the image that is built here has no ssh: expected systemPackages: [openssh-client]",
    },
  ];
});

/** Rejects a key with which ssh does not log in. */
const key = rule(["dagsGit.key"], ({ dagsGit }) => {
  const path = ["dagsGit", "key"];
  // An empty file is reported as such.
  const text = (dagsGit?.key && textOf({ path, source: dagsGit.key })) || undefined;
  const why = text === undefined ? undefined : sshKeyFault(text);
  return faultAt(
    path,
    why && `${why}: expected what ssh-keygen -t ed25519 -N '' writes beside the .pub file`,
  );
});

/** Rejects host keys of other servers, of which ssh would take none. */
const hosts = rule(["dagsGit.url", "dagsGit.knownHosts"], ({ dagsGit }) => {
  const { url = "", knownHosts } = dagsGit ?? {};
  if (knownHosts === undefined || !url.startsWith("ssh:") || mayKnow(readFileSync(knownHosts, "utf8"), url))
    return [];
  const { hostname, port } = new URL(url);
  const scan = `ssh-keyscan ${port === "" ? "" : `-p ${port} `}${hostname}`;
  return faultAt(["dagsGit", "knownHosts"], `it has no key of ${hostname}: expected what ${scan} prints`);
});

export const dagsRules = [sources, access, client];

/** Rules about the key and the host keys of a repository. */
export const dagsContentRules = [key, hosts];
