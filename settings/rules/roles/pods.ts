import { roles } from "../../../roles.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { volumeTargetProblem } from "./targets.ts";

type Fields = Readonly<Record<string, unknown>>;

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

/** True if Pod Security `restricted` admits a container. */
function isRestricted({ securityContext }: Fields): boolean {
  const { allowPrivilegeEscalation, privileged, capabilities } = Object(securityContext);
  const { drop } = Object(capabilities);
  return allowPrivilegeEscalation === false && !privileged && Array.isArray(drop) && drop.includes("ALL");
}

/** Rejects fields of pods that the API would not take, which leaves a deployment waiting for pods. */
const fields = rule(["roles.*.pod"], ({ roles }) => {
  const all = roles.all?.pod;
  return Object.entries(roles).flatMap(([role, extras]) => {
    const { initContainers = [], volumes = [], volumeMounts = [] } = extras?.pod ?? {};
    const known = (extras?.pod?.volumes ?? all?.volumes ?? []).map(({ name }) => name);
    const names = `expected the name of one of the volumes: ${known.join(", ") || "none"}`;
    const found = [
      ...initContainers.flatMap((one, at) => faultAt(["initContainers", at], containerFault(one), one.name)),
      ...volumeMounts.flatMap(({ name, mountPath }, at) => [
        ...faultAt(["volumeMounts", at, "name"], known.includes(name) ? undefined : names),
        ...faultAt(["volumeMounts", at, "mountPath"], volumeTargetProblem(mountPath.replace(/(.)\/$/, "$1"))),
      ]),
      ...repeatedFaults("initContainers", initContainers),
      ...repeatedFaults("volumes", volumes),
      ...repeatedFaults("volumeMounts", volumeMounts),
    ];
    return found.map((fault) => ({ ...fault, path: ["roles", role, "pod", ...fault.path] }));
  });
});

/** Rejects what Pod Security `restricted` keeps out of the namespace that the stack makes. */
const admitted = rule(["roles.*.pod", "kubernetes.createNamespace"], ({ roles, kubernetes }) => {
  if (kubernetes?.createNamespace === false) return [];
  return Object.entries(roles).flatMap(([role, extras]): Fault[] => {
    const { initContainers = [], volumes = [] } = extras?.pod ?? {};
    const path = ["roles", role, "pod"];
    const context =
      "Pod Security keeps it out: expected securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }";
    const host = "Pod Security keeps pods with hostPath out: expected another kind of volume";
    return [
      ...initContainers.flatMap((one, at) =>
        faultAt([...path, "initContainers", at], isRestricted(one) ? undefined : context, one.name),
      ),
      ...volumes.flatMap((one, at) =>
        faultAt([...path, "volumes", at], "hostPath" in one ? host : undefined, one.name),
      ),
    ];
  });
});

export const podRules = [fields, admitted];
