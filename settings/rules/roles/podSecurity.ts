import { below, type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";
import { fieldsOf } from "./podFields.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A field that Pod Security `restricted` limits: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
interface Limit {
  readonly path: readonly string[];
  readonly admits: (value: unknown) => boolean;
  readonly expected: string;
}

const profiles = ["RuntimeDefault", "Localhost"];

function absentOr(...values: readonly unknown[]): Limit["admits"] {
  return (value) => value === undefined || value === null || values.includes(value);
}

function isHarmless(added: unknown): boolean {
  return absentOr()(added) || (Array.isArray(added) && added.every((one) => one === "NET_BIND_SERVICE"));
}

/** Limits of containers, besides those of {@link isLocked}; fields that are absent have the pod's values, which are admitted. */
const limits: readonly Limit[] = [
  { path: ["capabilities", "add"], admits: isHarmless, expected: "NET_BIND_SERVICE alone, or nothing" },
  { path: ["runAsNonRoot"], admits: absentOr(true), expected: "true, for a user that is not root" },
  { path: ["runAsUser"], admits: (value) => value !== 0, expected: "another user than root" },
  { path: ["seccompProfile", "type"], admits: absentOr(...profiles), expected: profiles.join(" or ") },
  { path: ["appArmorProfile", "type"], admits: absentOr(...profiles), expected: profiles.join(" or ") },
  { path: ["procMount"], admits: absentOr("Default"), expected: "Default" },
  {
    path: ["seLinuxOptions", "type"],
    admits: absentOr("", "container_t", "container_init_t", "container_kvm_t"),
    expected: "container_t, container_init_t or container_kvm_t",
  },
  { path: ["seLinuxOptions", "user"], admits: absentOr(""), expected: "no user" },
  { path: ["seLinuxOptions", "role"], admits: absentOr(""), expected: "no role" },
  { path: ["windowsOptions", "hostProcess"], admits: absentOr(false), expected: "false" },
];

/** Kinds of volumes that Pod Security `restricted` admits. */
const kinds = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

const refusedKinds = fieldsOf.volumes.filter((key) => key !== "name" && !kinds.includes(key));

function kept(expected: string): string {
  return `Pod Security keeps it out: expected ${expected}`;
}

/** True for a container without privileges and capabilities of its own. */
function isLocked({ securityContext }: Fields): boolean {
  const { allowPrivilegeEscalation, privileged, capabilities } = Object(securityContext);
  const { drop } = Object(capabilities);
  return allowPrivilegeEscalation === false && !privileged && Array.isArray(drop) && drop.includes("ALL");
}

function containerFaults(container: Fields): Fault[] {
  const { securityContext, ports, name } = container;
  const context = kept("securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }");
  const opened: readonly unknown[] = Array.isArray(ports) ? ports : [];
  return [
    ...faultAt([], isLocked(container) ? undefined : context, String(name)),
    ...limits.flatMap(({ path, admits, expected }) => {
      const value = path.reduce<unknown>((outer, key) => Object(outer)[key], securityContext);
      return faultAt(["securityContext", ...path], admits(value) ? undefined : kept(expected));
    }),
    ...opened.flatMap((port, at) =>
      faultAt(
        ["ports", at, "hostPort"],
        absentOr(0)(Object(port).hostPort) ? undefined : kept("no port of the node"),
      ),
    ),
  ];
}

/** Lists the fault of a volume; without a kind it is an `emptyDir`. */
function volumeFaults({ name, ...given }: Fields): Fault[] {
  const kind = refusedKinds.find((key) => !absentOr()(given[key]));
  const message = kind && `Pod Security keeps pods with ${kind} out: expected ${kinds.join(", ")}`;
  return faultAt([], message, String(name));
}

const appArmor = "container.apparmor.security.beta.kubernetes.io/";

function annotationFaults(annotations: Readonly<Record<string, string>>): Fault[] {
  return Object.entries(annotations).flatMap(([key, value]) =>
    faultAt(
      [key],
      !key.startsWith(appArmor) || /^($|runtime\/default$|localhost\/)/.test(value)
        ? undefined
        : kept("runtime/default, or localhost/ with a profile"),
    ),
  );
}

/** Rejects what Pod Security `restricted` keeps out of the namespace that the stack makes. */
export const podSecurityRule = rule(
  ["roles.*.pod", "kubernetes.createNamespace"],
  ({ roles, kubernetes }) => {
    if (kubernetes?.createNamespace === false) return [];
    return Object.entries(roles).flatMap(([role, extras]): Fault[] => {
      const { initContainers = [], volumes = [], annotations = {} } = extras?.pod ?? {};
      const found = [
        ...initContainers.flatMap((one, at) => below(containerFaults(one), "initContainers", at)),
        ...volumes.flatMap((one, at) => below(volumeFaults(one), "volumes", at)),
        ...below(annotationFaults(annotations), "annotations"),
      ];
      return below(found, "roles", role, "pod");
    });
  },
);
