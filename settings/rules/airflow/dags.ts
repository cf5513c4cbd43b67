import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { airflowOption } from "../../model/airflowOptions.ts";
import { dagFiles, isMounted } from "../../model/names/dagFiles.ts";
import { takenBundles } from "../../model/names/repositories.ts";
import { textOf } from "../../model/sources.ts";
import { repositoryForm } from "../../schema/dags/dagsGit.ts";
import { spell } from "../../schema/path.ts";
import type { SecretSource } from "../../schema/secret.ts";
import { type Fault, faultAt } from "../fault.ts";
import { type IsGiven, rule } from "../rule.ts";
import { mayKnow, sshKeyProblem } from "../secrets/sshKey.ts";

/** Rejects more than one source of DAGs. */
const oneSource = rule([], (_, isGiven) => {
  if (!isGiven("dagsGit")) return [];
  return [
    ...(isGiven("dagsImage") ? [{ path: ["dagsGit"], message: "expected either this or dagsImage" }] : []),
    ...(isGiven("dags") ? [{ path: ["dags"], message: "expected either this or dagsGit" }] : []),
  ];
});

/** Rejects a list of bundles beside repositories, which the stack lists. */
const ownList = rule(["settings.*.*"], (parsed, isGiven) => {
  const given = airflowOption(parsed, "dag_processor.dag_bundle_config_list");
  const [key] = (["dagsGit", "dagBundles"] as const).filter((key) => isGiven(key));
  return given && key ? faultAt(given.path, `${key} sets it too: expected only one of them`) : [];
});

/** Values that a repository over ssh needs. */
const ofSsh = { key: "a private key, as a secret", knownHosts: "a file with host keys" } as const;

type LoginKey = "user" | "password" | "key" | "knownHosts";

/** Lists the keys of a login that a repository's URL asks for and that are missing, and those that do not go with the URL. */
function accessFaults(path: Fault["path"], url: string, isGiven: (key: LoginKey) => boolean): Fault[] {
  const isSsh = url.startsWith("ssh:");
  const refused = isSsh ? (["user", "password"] as const) : (["key", "knownHosts"] as const);
  const way = isSsh ? "ssh: expected key and knownHosts" : "http: expected user and password";
  const found: Fault[] = refused
    .filter(isGiven)
    .map((key) => ({ path: [...path, key], message: `the repository is read over ${way}` }));
  if (isSsh) {
    for (const key of ["key", "knownHosts"] as const)
      if (!isGiven(key))
        found.push({ path: [...path, key], message: `an ssh URL needs it: expected ${ofSsh[key]}` });
  } else if (isGiven("user") && !isGiven("password")) {
    found.push({
      path: [...path, "password"],
      message: `${spell([...path, "user"])} needs it: expected a secret`,
    });
  }
  return found;
}

const access = rule(["dagsGit.url"], ({ dagsGit }, isGiven) =>
  dagsGit ? accessFaults(["dagsGit"], dagsGit.url, (key) => isGiven(`dagsGit.${key}`)) : [],
);

const bundleAccess = rule(
  [
    "dagBundles.*.url",
    "dagBundles.*.user",
    "dagBundles.*.password",
    "dagBundles.*.key",
    "dagBundles.*.knownHosts",
  ],
  ({ dagBundles }) =>
    dagBundles.flatMap(([at, bundle]) =>
      accessFaults(["dagBundles", at], bundle.url, (key) => bundle[key] !== undefined),
    ),
);

/** Rejects names of bundles that another one has. */
const names = rule(["dagBundles.name"], ({ dagBundles }) =>
  dagBundles.flatMap(({ name }, at) => {
    const isRepeated = dagBundles.findIndex((other) => other.name === name) < at;
    const message = isRepeated
      ? "another bundle has this name: expected each once"
      : `the stack or Airflow has such a bundle: expected a name other than ${takenBundles.join(", ")}`;
    return faultAt(
      ["dagBundles", at, "name"],
      isRepeated || takenBundles.includes(name) ? message : undefined,
    );
  }),
);

/** Rejects parameters of a repository's URL, which may be a token that everybody could read. */
const parameters = rule(["dagBundles.*.url"], ({ dagBundles }) =>
  dagBundles.flatMap(([at, { url }]) =>
    faultAt(["dagBundles", at, "url"], /[?#]/.test(url) ? repositoryForm : undefined),
  ),
);

/** Returns the fault of a repository over ssh without an ssh client, which the image built here lacks. */
function clientFault(
  path: Fault["path"],
  url: string,
  systemPackages: readonly string[],
  isGiven: IsGiven,
): Fault[] {
  if (!url.startsWith("ssh:") || isGiven("images.airflow")) return [];
  if (systemPackages.some((name) => name.replace(/=.*/, "") === "openssh-client")) return [];
  return [{ path, message: "the image built here has no ssh: expected systemPackages: [openssh-client]" }];
}

const client = rule(["dagsGit.url", "systemPackages"], ({ dagsGit, systemPackages }, isGiven) =>
  dagsGit ? clientFault(["dagsGit", "url"], dagsGit.url, systemPackages, isGiven) : [],
);

const bundleClient = rule(["dagBundles.*.url", "systemPackages"], ({ dagBundles, systemPackages }, isGiven) =>
  dagBundles.flatMap(([at, { url }]) => clientFault(["dagBundles", at, "url"], url, systemPackages, isGiven)),
);

/** Explains why ssh cannot log in with a private key. */
function keyProblem(source: SecretSource | undefined): string | undefined {
  // Another rule reports an empty file.
  const text = textOf(source) || undefined;
  const problem = text === undefined ? undefined : sshKeyProblem(text);
  return problem && `${problem}: expected what ssh-keygen -t ed25519 -N '' writes beside the .pub file`;
}

/** Explains that a file has no host key of a repository's server, which ssh would refuse to connect to. */
function hostsProblem(url: string, knownHosts: string | undefined): string | undefined {
  if (knownHosts === undefined || !url.startsWith("ssh:") || mayKnow(readFileSync(knownHosts, "utf8"), url))
    return undefined;
  const { hostname, port } = new URL(url);
  const scan = `ssh-keyscan ${port === "" ? "" : `-p ${port} `}${hostname}`;
  return `it has no key of ${hostname}: expected what ${scan} prints`;
}

const key = rule(["dagsGit.key"], ({ dagsGit }) => faultAt(["dagsGit", "key"], keyProblem(dagsGit?.key)));

const hosts = rule(["dagsGit.url", "dagsGit.knownHosts"], ({ dagsGit }) =>
  faultAt(["dagsGit", "knownHosts"], dagsGit && hostsProblem(dagsGit.url, dagsGit.knownHosts)),
);

const bundleKeys = rule(["dagBundles.*.key"], ({ dagBundles }) =>
  dagBundles.flatMap(([at, { key }]) => faultAt(["dagBundles", at, "key"], keyProblem(key))),
);

const bundleHosts = rule(["dagBundles.*.url", "dagBundles.*.knownHosts"], ({ dagBundles }) =>
  dagBundles.flatMap(([at, { url, knownHosts }]) =>
    faultAt(["dagBundles", at, "knownHosts"], hostsProblem(url, knownHosts)),
  ),
);

/** Rejects links that a copy of the DAG folder cannot have; a copy has the files that all other links lead to. */
const links = rule(["dags", "machines.docker"], ({ dags, machines = [] }, isGiven) => {
  if (isGiven("dagsGit") || (isMounted(machines) && !isGiven("dagsImage"))) return [];
  const expected = "expected a link to a file or folder in the DAG folder, or the file itself";
  return dagFiles(dags).flatMap(({ source, problem }) =>
    faultAt(["dags"], problem && `${problem}: ${expected}`, relative(dirname(dags), source)),
  );
});

export const dagsRules = [oneSource, ownList, access, bundleAccess, names, parameters, client, bundleClient];

/** Rules about the contents of keys and host keys of repositories, and of the DAG folder. */
export const dagsContentRules = [key, hosts, bundleKeys, bundleHosts, links];
