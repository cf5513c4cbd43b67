import {
  dagsFolder,
  localSettingsFile,
  ownDirectories,
  ownFiles,
  ownTrees,
} from "../../model/names/ownNames.ts";
import { type Fault, faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Directories whose whole contents the image's programs need. */
const imageTrees = [
  "/boot",
  "/opt/venv",
  "/usr/bin",
  "/usr/lib",
  "/usr/lib64",
  "/usr/local/bin",
  "/usr/sbin",
];
/** Directories that the image's programs need, but in which other directories may be mounted. */
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

/** Paths in a container that the stack uses itself. */
const taken: readonly string[] = [...ownFiles, localSettingsFile, ...ownDirectories, ...ownTrees];

/** True if a path equals another path, or is below it. */
function isIn(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** Follows the symbolic links at the root of the images. */
function followLinks(path: string): string {
  return path.replace(/^\/var\/run(?=\/|$)/, "/run").replace(/^\/(bin|sbin|lib|lib64)(?=\/|$)/, "/usr/$1");
}

/** Explains why no volume can be mounted at a path; undefined if one can. */
export function volumeTargetProblem(given: string): string | undefined {
  const path = followLinks(given);
  const expected = "expected another path, such as /opt/models";
  const around = taken.find((known) => isIn(path, known));
  if (around !== undefined) return `${around} belongs to the stack: ${expected}`;
  const hidden = taken.find((known) => isIn(known, path));
  if (path === "/opt/airflow/config") {
    return `it would hide ${hidden}, which the stack needs: expected the folder as airflow:config, or a path below this one`;
  }
  if (hidden !== undefined) return `it would hide ${hidden}, which the stack needs: ${expected}`;
  const needed = imageTrees.find((tree) => isIn(path, tree)) ?? imageWholes.find((whole) => path === whole);
  return needed && `it would hide what the image has in ${needed}: ${expected}`;
}

/** Explains why no file can be placed at a path; undefined if one can. */
export function fileTargetProblem(given: string): string | undefined {
  const path = followLinks(given);
  const tree = ownTrees.find((known) => isIn(path, known));
  if (tree === "/run/secrets") return "secrets are there: expected secretFiles, or another path";
  if (tree !== undefined) return `${tree} does not belong to the container: expected another path`;
  const file = ownFiles.find((known) => isIn(path, known));
  if (file !== undefined) return "the stack has a file there: expected another path";
  const directory = ownDirectories.find((known) => isIn(path, known));
  if (directory === dagsFolder) return "DAGs are there: expected the file in the folder of the DAGs";
  if (directory !== undefined) return `${directory} belongs to the stack: expected another path`;
  const isDirectory =
    taken.some((known) => known !== path && isIn(known, path)) ||
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
  /** True if nothing can be mounted below it: a file, or a directory of the machine. */
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

/** Explains why one target cannot be inside another; undefined if it can. */
function nestingProblem(inner: Placement, outer: Placement): string | undefined {
  if (inner.path === outer.path) {
    return inner.key === "files" && outer.key === "volumes"
      ? "there is a volume at this path: expected another one"
      : undefined;
  }
  if (!outer.closed || !isIn(inner.path, outer.path)) return;
  const target = outer.key === "files" ? "a file" : "a read-only directory of the machine";
  return `roles.${outer.role}.${outer.key} has ${target} at ${outer.path}: expected a path outside it`;
}

/** Rejects files and volumes that conflict with other files or volumes of their role, or of all roles. */
export const targetRule = rule(["roles.*.files.*", "roles.*.volumes.*"], ({ roles }) => {
  const extras: Readonly<Record<string, Extras | undefined>> = roles;
  return Object.keys(extras).flatMap((role): Fault[] => {
    const targets = [...targetsOf("all", extras.all), ...targetsOf(role, extras[role])];
    const last = new Map(targets.map((target) => [`${target.key} ${target.path}`, target]));
    const found = [...last.values()];
    return found.flatMap((inner) => {
      const outers = found.filter((outer) => [inner.role, outer.role].includes(role));
      const [message] = outers.flatMap((outer) => nestingProblem(inner, outer) ?? []);
      return faultAt(["roles", inner.role, inner.key, inner.path], message);
    });
  });
});
