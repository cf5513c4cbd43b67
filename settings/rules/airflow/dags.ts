import { readFileSync } from "node:fs";
import { textOf } from "../../model/sources.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { mayKnow, sshKeyProblem } from "../secrets/sshKey.ts";

/** Rejects more than one source of DAGs. */
const oneSource = rule([], (_, isGiven) => {
  if (!isGiven("dagsGit")) return [];
  return [
    ...(isGiven("dagsImage") ? [{ path: ["dagsGit"], message: "expected either this or dagsImage" }] : []),
    ...(isGiven("dags") ? [{ path: ["dags"], message: "expected either this or dagsGit" }] : []),
  ];
});

/** Values that a repository over ssh needs. */
const ofSsh = { key: "a private key, as a secret", knownHosts: "a file with host keys" } as const;

/** Requires the keys of a login that the repository's URL asks for. */
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
        found.push({ path: ["dagsGit", key], message: `an ssh URL needs it: expected ${ofSsh[key]}` });
  } else if (isGiven("dagsGit.user") && !isGiven("dagsGit.password"))
    found.push({ path: ["dagsGit", "password"], message: "dagsGit.user needs it: expected a secret" });
  return found;
});

/** Requires an ssh client for a repository over ssh, since the image built here has none. */
const client = rule(["dagsGit.url", "systemPackages"], ({ dagsGit, systemPackages }, isGiven): Fault[] => {
  if (!dagsGit?.url.startsWith("ssh:") || isGiven("images.airflow")) return [];
  if (systemPackages.some((name) => name.replace(/=.*/, "") === "openssh-client")) return [];
  return [
    {
      path: ["dagsGit", "url"],
      message: "the image built here has no ssh: expected systemPackages: [openssh-client]",
    },
  ];
});

/** Rejects a private key that ssh cannot log in with. */
const key = rule(["dagsGit.key"], ({ dagsGit }) => {
  // Another rule reports an empty file.
  const text = textOf(dagsGit?.key) || undefined;
  const why = text === undefined ? undefined : sshKeyProblem(text);
  return faultAt(
    ["dagsGit", "key"],
    why && `${why}: expected what ssh-keygen -t ed25519 -N '' writes beside the .pub file`,
  );
});

/** Rejects a file without a host key of the repository's server, which ssh would refuse to connect to. */
const hosts = rule(["dagsGit.url", "dagsGit.knownHosts"], ({ dagsGit }) => {
  const { url = "", knownHosts } = dagsGit ?? {};
  if (knownHosts === undefined || !url.startsWith("ssh:") || mayKnow(readFileSync(knownHosts, "utf8"), url))
    return [];
  const { hostname, port } = new URL(url);
  const scan = `ssh-keyscan ${port === "" ? "" : `-p ${port} `}${hostname}`;
  return faultAt(["dagsGit", "knownHosts"], `it has no key of ${hostname}: expected what ${scan} prints`);
});

export const dagsRules = [oneSource, access, client];

/** Rules about the contents of a repository's key and host keys. */
export const dagsContentRules = [key, hosts];
