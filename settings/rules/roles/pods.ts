import { roles } from "../../../roles.ts";
import { mountName } from "../../model/names/mountName.ts";
import { below, type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { misspeltFaults } from "./podFields.ts";
import { podSecurityRule } from "./podSecurity.ts";
import { volumeTargetProblem } from "./targets.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Lists of a pod that name volumes. */
type PodFields = { readonly [K in keyof typeof keys]?: readonly Fields[] | undefined };

/** Lists of a pod whose items are known by a name or a path. */
const keys = { initContainers: "name", volumes: "name", volumeMounts: "mountPath" } as const;

/** Lists items that an earlier one has the name, or the path, of. */
function repeatedFaults(key: keyof typeof keys, items: readonly Fields[]): Fault[] {
  const { [key]: by } = keys;
  return items.flatMap((item, at) => {
    const first = items.findIndex((other) => other[by] === item[by]);
    return faultAt(
      [key, at, by],
      first < at ? `${key}[${first}] has the same: expected each once` : undefined,
    );
  });
}

/** True for a name that the container of a role may have. */
function isOwnContainer(name: unknown): boolean {
  return (roles as readonly unknown[]).includes(name) || /^worker-/.test(String(name));
}

/** Says why the API takes no such container; undefined if it does. */
function containerFault({ name, image }: Fields): string | undefined {
  if (isOwnContainer(name)) return "a container of the stack has this name: expected another one";
  return typeof image === "string" && image !== "" ? undefined : "expected an image, too";
}

/** Volumes of every role's pod, besides those at paths below `/opt/airflow`. */
const ownVolumes = ["runtime", "tmp", "files", "secrets"];

/** True for the name of a volume that the pod of a role has by itself, or by `roles.*.volumes`. */
function isOwnVolume(name: unknown, paths: readonly string[]): boolean {
  return (
    [...ownVolumes, ...paths.map(mountName)].some((own) => own === name) ||
    /^(file|opt-airflow)-/.test(String(name))
  );
}

/** Lists what a container mounts; undefined names are the API's to refuse. */
function mountsOf({ volumeMounts }: Fields): readonly Fields[] {
  return Array.isArray(volumeMounts) ? volumeMounts.map(Object) : [];
}

/** Lists the faults of a volume: the API takes one kind, and without any an `emptyDir`. */
function volumeFaults({ name, ...kinds }: Fields): Fault[] {
  const given = Object.keys(kinds).filter((kind) => kinds[kind] !== undefined && kinds[kind] !== null);
  return faultAt([], given.length > 1 ? `expected only one of ${given.join(", ")}` : undefined, String(name));
}

/** Lists volumes of all roles that a role still mounts, although its own volumes replace them. */
function lostVolumes(all: PodFields = {}, { volumes, ...own }: PodFields = {}): readonly unknown[] {
  if (volumes === undefined) return [];
  const containers = own.initContainers ? [] : (all.initContainers ?? []);
  const mounts = [...(own.volumeMounts ? [] : (all.volumeMounts ?? [])), ...containers.flatMap(mountsOf)];
  const isIn = (list: readonly Fields[], one: Fields) => list.some(({ name }) => name === one.name);
  return (all.volumes ?? [])
    .filter((one) => isIn(mounts, one) && !isIn(volumes, one))
    .map(({ name }) => name);
}

/** Rejects fields of pods that the API would not take, which leaves a deployment waiting for pods. */
const fields = rule(["roles.*.pod", "roles.*.volumes.*"], ({ roles }) => {
  const { all } = roles;
  return Object.entries(roles).flatMap(([role, extras]) => {
    const { initContainers = [], volumes = [], volumeMounts = [] } = extras?.pod ?? {};
    // A role's own list replaces that of all roles.
    const joined = { ...all?.pod, ...extras?.pod };
    const known = (joined.volumes ?? []).map(({ name }) => name);
    const paths = Object.keys({ ...all?.volumes, ...extras?.volumes });
    const names = `expected the name of one of the volumes: ${known.join(", ") || "none"}`;
    const isMissing = (name: unknown) => !known.some((one) => one === name) && !isOwnVolume(name, paths);
    const lost = lostVolumes(all?.pod, extras?.pod).join(", ");
    const found = [
      ...initContainers.flatMap((one, at) => [
        ...faultAt(["initContainers", at], containerFault(one), one.name),
        ...below(misspeltFaults("initContainers", one), "initContainers", at),
        ...mountsOf(one).flatMap((mount, nth) =>
          below(
            [
              ...misspeltFaults("volumeMounts", mount),
              ...faultAt(["name"], isMissing(mount.name) ? names : undefined),
            ],
            ...["initContainers", at, "volumeMounts", nth],
          ),
        ),
      ]),
      ...volumes.flatMap((one, at) =>
        below([...volumeFaults(one), ...misspeltFaults("volumes", one)], "volumes", at),
      ),
      ...faultAt(
        ["volumes"],
        lost === ""
          ? undefined
          : `roles.all mounts ${lost}, and these volumes replace its own: expected ${lost} here, too`,
      ),
      ...volumeMounts.flatMap((one, at) => [
        ...below(misspeltFaults("volumeMounts", one), "volumeMounts", at),
        ...faultAt(["volumeMounts", at, "name"], known.includes(one.name) ? undefined : names),
        ...faultAt(
          ["volumeMounts", at, "mountPath"],
          volumeTargetProblem(one.mountPath.replace(/(.)\/$/, "$1")),
        ),
      ]),
      ...repeatedFaults("initContainers", initContainers),
      ...repeatedFaults("volumes", volumes),
      ...repeatedFaults("volumeMounts", volumeMounts),
    ];
    return below(found, "roles", role, "pod");
  });
});

export const podRules = [fields, podSecurityRule];
