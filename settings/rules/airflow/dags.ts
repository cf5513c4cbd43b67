import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

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

export const dagsRules = [sources, access, client];
