import {
  dagsFolder,
  localSettingsFile,
  ownDirectories,
  ownFiles,
  ownTrees,
} from "../../model/names/ownNames.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Directories of the image that its programs need with everything below them. */
const imageTrees = [
  "/boot",
  "/opt/venv",
  "/usr/bin",
  "/usr/lib",
  "/usr/lib64",
  "/usr/local/bin",
  "/usr/sbin",
];
/** Directories of the image that its programs need as a whole, but that may get others. */
const imageWholes = [
  "/etc",
  "/etc/ssl",
  "/home",
  "/home/airflow",
  "/opt",
  "/root",
  "/usr",
  "/usr/local",
  "/usr/local/lib",
  "/usr/share",
  "/var",
  "/var/lib",
];

/** Paths of the stack's own in a container. */
const own: readonly string[] = [...ownFiles, localSettingsFile, ...ownDirectories, ...ownTrees];

/** True if a path is another one, or below it. */
function isIn(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** Follows the links that the images have at their root. */
function followed(path: string): string {
  return path.replace(/^\/var\/run(?=\/|$)/, "/run").replace(/^\/(bin|sbin|lib|lib64)(?=\/|$)/, "/usr/$1");
}

/** Says why no volume can be at a path; undefined if one can. */
export function volumeTargetFault(given: string): string | undefined {
  const path = followed(given);
  const expected = "expected another path, such as /opt/models";
  const around = own.find((known) => isIn(path, known));
  if (around !== undefined) return `the stack has ${around} itself: ${expected}`;
  const hidden = own.find((known) => isIn(known, path));
  if (path === "/opt/airflow/config") {
    return `it would hide ${hidden}, which the stack needs: expected the folder as airflow:config, or a path below this one`;
  }
  if (hidden !== undefined) return `it would hide ${hidden}, which the stack needs: ${expected}`;
  const needed = imageTrees.find((tree) => isIn(path, tree)) ?? imageWholes.find((whole) => path === whole);
  return needed && `it would hide what the image has in ${needed}: ${expected}`;
}

/** Says why no file can be at a path; undefined if one can. */
export function fileTargetFault(given: string): string | undefined {
  const path = followed(given);
  const tree = ownTrees.find((known) => isIn(path, known));
  if (tree === "/run/secrets") return "secrets are there: expected secretFiles, or another path";
  if (tree !== undefined) return `${tree} is not the container's own: expected another path`;
  const file = ownFiles.find((known) => isIn(path, known));
  if (file !== undefined) return "the stack has a file there: expected another path";
  const directory = ownDirectories.find((known) => isIn(path, known));
  if (directory === dagsFolder) return "DAGs are there: expected the file in the folder of the DAGs";
  if (directory !== undefined) return `the stack has ${directory} itself: expected another path`;
  const isDirectory =
    own.some((known) => known !== path && isIn(known, path)) ||
    [...imageTrees, ...imageWholes].includes(path);
  return isDirectory
    ? "it is a directory: expected the path of a file, such as /opt/airflow/config/x.ini"
    : undefined;
}

interface Extras {
  readonly files: Readonly<Record<string, string>>;
  readonly volumes: Readonly<Record<string, string>>;
}

/** A file or a volume of a role, by its path in the container. */
interface Placement {
  readonly role: string;
  readonly key: "files" | "volumes";
  readonly path: string;
  /** True if nothing can be made in it: a file, or a directory of the machine. */
  readonly closed: boolean;
}

function targetsOf(role: string, extras: Extras | undefined): Placement[] {
  const { files = {}, volumes = {} } = extras ?? {};
  return [
    ...Object.keys(files).map((path) => ({ role, key: "files" as const, path, closed: true })),
    ...Object.entries(volumes).map(([path, source]) => ({
      role,
      key: "volumes" as const,
      path,
      closed: source.startsWith("/"),
    })),
  ];
}

/** Says why one target cannot be in another; undefined if it can. */
function nestingFault(inner: Placement, outer: Placement): string | undefined {
  if (inner.path === outer.path) {
    return inner.key === "files" && outer.key === "volumes"
      ? "there is a volume at this path: expected another one"
      : undefined;
  }
  if (!outer.closed || !isIn(inner.path, outer.path)) return;
  const kind = outer.key === "files" ? "a file" : "a read-only directory of the machine";
  return `roles.${outer.role}.${outer.key} has ${kind} at ${outer.path}: expected a path outside`;
}

/** Rejects files and volumes of a role, together with those of all roles, that are in each other's way. */
export const targetRule = rule(["roles.*.files.*", "roles.*.volumes.*"], ({ roles }) => {
  const extras: Readonly<Record<string, Extras | undefined>> = roles;
  return Object.keys(extras).flatMap((role): Fault[] => {
    const targets = [...targetsOf("all", extras.all), ...targetsOf(role, extras[role])];
    const last = new Map(targets.map((target) => [`${target.key} ${target.path}`, target]));
    const found = [...last.values()];
    return found.flatMap((inner) => {
      const outers = found.filter((outer) => [inner.role, outer.role].includes(role));
      const [message] = outers.flatMap((outer) => nestingFault(inner, outer) ?? []);
      return faultAt(["roles", inner.role, inner.key, inner.path], message);
    });
  });
});
