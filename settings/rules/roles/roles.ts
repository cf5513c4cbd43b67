import { statSync } from "node:fs";
import { capabilities } from "../../../capabilities.ts";
import { authorityVariables, ownSecrets, ownVolumes, proxyVariables } from "../../model/names/ownNames.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { textIn } from "../text.ts";
import { fileTargetFault, volumeTargetFault } from "./targets.ts";
import { insteadOfVariable } from "./variables.ts";

/** Maximum size of a file of a role, in KiB: a cluster keeps 1 MiB for all files of a role. */
const mostKiB = 512;

/** Checks the extras of each role. */
function each<T>(
  roles: Readonly<Record<string, T>>,
  look: (extras: T, role: string) => readonly Fault[],
): Fault[] {
  return Object.entries(roles).flatMap(([role, extras]) => look(extras, role));
}

/** Lists the faults of a role's entries under one key. */
function entries(
  role: string,
  key: "env" | "files" | "volumes" | "secretFiles",
  values: Readonly<Record<string, unknown>>,
  complaint: (name: string) => string | undefined,
): Fault[] {
  return Object.keys(values).flatMap((name) => faultAt(["roles", role, key, name], complaint(name)));
}

const variables = rule(["roles.*.env.*"], ({ roles }, isGiven) =>
  each(roles, ({ env }, role) =>
    entries(role, "env", env, (name) => {
      const isOf = (names: readonly string[]) => names.includes(name);
      const own = insteadOfVariable(name);
      if (own !== undefined) return own;
      if (/^AIRFLOW_(CONN|VAR)_/i.test(name)) {
        const key = /^AIRFLOW_CONN/i.test(name) ? "connections" : "variables";
        return `everybody with access to the engine or the cluster could read it: expected ${key}, or secretFiles`;
      }
      if (isGiven("proxy") && isOf(proxyVariables)) return "proxy sets it: expected either";
      if (isGiven("caCertificates") && isOf(authorityVariables))
        return "caCertificates sets it: expected either";
      return;
    }),
  ),
);

const secrets = rule(["roles.*.secretFiles.*"], ({ roles }) =>
  each(roles, ({ secretFiles }, role) =>
    entries(role, "secretFiles", secretFiles, (name) =>
      (ownSecrets as readonly string[]).includes(name)
        ? "the stack has a secret of this name: expected another one"
        : undefined,
    ),
  ),
);

/** Says why a file cannot be delivered as text; undefined if it can. */
export function noText(file: string): string | undefined {
  const size = statSync(file).size;
  if (size > mostKiB * 1024) {
    return `it has ${Math.ceil(size / 1024)} KiB: expected ${mostKiB}; larger ones belong into the image, or a volume`;
  }
  return textIn(file) === undefined
    ? "it is no text: expected texts in UTF-8; others belong into the image, or a volume"
    : undefined;
}

const files = rule(["roles.*.files.*"], ({ roles }) =>
  each(roles, ({ files: given }, role) =>
    entries(role, "files", given, (path) => fileTargetFault(path) ?? noText(given[path] ?? "")),
  ),
);

/** Rejects two paths that have the same name in a cluster's object for files. */
const alike = rule(["platform", "roles.*.files.*"], ({ platform, roles }) =>
  each(roles, ({ files: given }, role) => {
    const key = (path: string) => path.replaceAll("/", "_");
    const paths = Object.keys(given);
    return entries(role, "files", given, (path) => {
      const other = paths.slice(0, paths.indexOf(path)).find((one) => key(one) === key(path));
      if (capabilities[platform].filePaths || other === undefined) return;
      return `a cluster cannot tell it from ${other}, since both differ in / and _ only: expected another path`;
    });
  }),
);

const volumes = rule(["platform", "roles.*.volumes.*"], ({ platform, roles }) =>
  each(roles, ({ volumes: given }, role) =>
    entries(role, "volumes", given, (path) => {
      const { [path]: volume = "" } = given;
      const fault = volumeTargetFault(path);
      if (fault !== undefined) return fault;
      if (!capabilities[platform].directories && volume.startsWith("/")) {
        return "pods get no directory of a node, which may be any: expected the name of a volume";
      }
      if ((ownVolumes as readonly string[]).includes(volume)) {
        return "it is the stack's own: expected data, and other names";
      }
      return;
    }),
  ),
);

/** Rejects the size of workers in two places. */
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

/** Rejects shared memory that alone exceeds the memory that it is a part of. */
const shared = rule(
  ["workerMemory", "workerGroups.*.memory", "roles.*.memory", "roles.*.sharedMemory"],
  ({ workerMemory, workerGroups, roles }) => {
    const workers = Math.min(workerMemory, ...workerGroups.flatMap(([, { memory }]) => memory ?? []));
    return each(roles, ({ memory, sharedMemory = 0 }, role) => {
      const of = role === "worker" || role === "all" ? workers : (memory ?? Number.POSITIVE_INFINITY);
      if (sharedMemory < of) return [];
      const message = `it is a part of the memory, which is ${of} MiB: expected less, or more memory`;
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
        "the stack or the cluster goes by it: expected a label of another name, such as example.com/team",
    }));
}

/** Rejects labels that the stack or the cluster relies on. */
const labels = rule(["labels.*", "roles.*.labels.*"], ({ labels, roles }) => [
  ...labelsAt(["labels"], labels),
  ...each(roles, (extras, role) => labelsAt(["roles", role, "labels"], extras.labels)),
]);

export const roleRules = [variables, secrets, files, alike, volumes, sizes, shared, labels];
