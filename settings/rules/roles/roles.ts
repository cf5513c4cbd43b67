import { statSync } from "node:fs";
import { capabilities } from "../../../capabilities.ts";
import {
  authorityVariables,
  ownSecrets,
  ownVolumes,
  proxyVariableNames,
} from "../../model/names/ownNames.ts";
import { repositorySecret, repositorySecrets } from "../../model/names/repositories.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";
import { textIn } from "../text.ts";
import { entryFaults } from "./entries.ts";
import { fileTargetProblem, volumeTargetProblem } from "./targets.ts";
import { insteadOfVariable } from "./variables.ts";

/** Maximum size of a file of a role, in KiB: a cluster keeps 1 MiB for all files of a role. */
const mostKiB = 512;

/** Applies a check to the extras of each role. */
function checkRoles<T>(
  roles: Readonly<Record<string, T>>,
  check: (extras: T, role: string) => readonly Fault[],
): Fault[] {
  return Object.entries(roles).flatMap(([role, extras]) => check(extras, role));
}

const variables = rule(["roles.*.env.*"], ({ roles }, isGiven) =>
  entryFaults(roles, "env", (name) => {
    const isOf = (names: readonly string[]) => names.includes(name);
    const instead = insteadOfVariable(name);
    if (instead !== undefined) return instead;
    if (/^AIRFLOW_(CONN|VAR)_/i.test(name)) {
      const key = /^AIRFLOW_CONN/i.test(name) ? "connections" : "variables";
      return `everybody with access to the engine or the cluster could read it: expected ${key}, or secretFiles`;
    }
    if (isGiven("proxy") && isOf(proxyVariableNames)) return "proxy sets it too: expected only one of them";
    if (isGiven("caCertificates") && isOf(authorityVariables))
      return "caCertificates sets it too: expected only one of them";
    return;
  }),
);

const secrets = rule(["roles.*.secretFiles.*", "dagBundles.name"], ({ roles, dagBundles }) => {
  const ofBundles = dagBundles.flatMap(({ name }) =>
    repositorySecrets.map((kind) => repositorySecret(kind, name)),
  );
  const taken: readonly string[] = [...ownSecrets, ...ofBundles];
  return entryFaults(roles, "secretFiles", (name) =>
    taken.includes(name) ? "the stack has a secret of this name: expected another one" : undefined,
  );
});

/** Explains why a file cannot be delivered as text; undefined if it can. */
export function textFileProblem(file: string): string | undefined {
  const size = statSync(file).size;
  if (size > mostKiB * 1024) {
    return `it has ${Math.ceil(size / 1024)} KiB: expected at most ${mostKiB}; larger files belong in the image, or in a volume`;
  }
  return textIn(file) === undefined
    ? "it is not text in UTF-8: expected text; other files belong in the image, or in a volume"
    : undefined;
}

const files = rule(["roles.*.files.*"], ({ roles }) =>
  entryFaults(roles, "files", (path, file) => fileTargetProblem(path) ?? textFileProblem(file)),
);

/** Rejects two paths that would have the same key in a cluster's ConfigMap. */
const sameKeys = rule(["platform", "roles.*.files.*"], ({ platform, roles }) =>
  entryFaults(roles, "files", (path, _, { entries }) => {
    const key = (target: string) => target.replaceAll("/", "_");
    const earlier = Object.keys(entries).slice(0, Object.keys(entries).indexOf(path));
    const other = earlier.find((target) => key(target) === key(path));
    if (capabilities[platform].filePaths || other === undefined) return;
    return `a cluster cannot tell it from ${other}, since they differ only in / and _: expected another path`;
  }),
);

const volumes = rule(["platform", "roles.*.volumes.*"], ({ platform, roles }) =>
  entryFaults(roles, "volumes", (path, volume) => {
    const problem = volumeTargetProblem(path);
    if (problem !== undefined) return problem;
    if (!capabilities[platform].directories && volume.startsWith("/")) {
      return "a pod may run on any node, and gets no directory of it: expected the name of a volume";
    }
    return (ownVolumes as readonly string[]).includes(volume)
      ? "the stack has a volume of this name: expected data, or another name"
      : undefined;
  }),
);

/** Rejects sizes of workers under `roles`, since workers have keys of their own. */
const sizes = rule([], (_, isGiven) =>
  (["roles.all", "roles.worker"] as const).flatMap((role) =>
    (["memory", "cpu"] as const)
      .filter((key) => isGiven(`${role}.${key}`))
      .map((key) => {
        const [first = "", ...rest] = key;
        const workers = `worker${first.toUpperCase()}${rest.join("")}`;
        const others =
          role === "roles.all" ? `, and ${key} of other roles, such as roles.scheduler.${key}` : "";
        return { path: [...role.split("."), key], message: `expected ${workers} for workers${others}` };
      }),
  ),
);

/** Rejects shared memory as large as the memory that it is a part of, or larger. */
const shared = rule(
  ["workerMemory", "workerGroups.*.memory", "roles.*.memory", "roles.*.sharedMemory"],
  ({ workerMemory, workerGroups, roles }) => {
    const workers = Math.min(workerMemory, ...workerGroups.flatMap(([, { memory }]) => memory ?? []));
    return checkRoles(roles, ({ memory, sharedMemory = 0 }, role) => {
      const limit = role === "worker" || role === "all" ? workers : (memory ?? Number.POSITIVE_INFINITY);
      if (sharedMemory < limit) return [];
      const message = `it is a part of the memory, which is ${limit} MiB: expected less, or more memory`;
      return [{ path: ["roles", role, "sharedMemory"], message }];
    });
  },
);

/** Labels that the stack or the cluster relies on. */
const ownLabels =
  /^(app\.kubernetes\.io\/name$|reaches\/|pod-security\.kubernetes\.io\/|kubernetes\.io\/|k8s\.io\/)/;

function labelsAt(path: readonly PropertyKey[], labels: Readonly<Record<string, string>>): Fault[] {
  return Object.keys(labels)
    .filter((label) => ownLabels.test(label))
    .map((label) => ({
      path: [...path, label],
      message:
        "the stack or the cluster relies on it: expected a label with another name, such as example.com/team",
    }));
}

/** Rejects labels that the stack or the cluster relies on. */
const labels = rule(["labels.*", "roles.*.labels.*"], ({ labels, roles }) => [
  ...labelsAt(["labels"], labels),
  ...checkRoles(roles, (extras, role) => labelsAt(["roles", role, "labels"], extras.labels)),
]);

export const roleRules = [variables, secrets, files, sameKeys, volumes, sizes, shared, labels];
