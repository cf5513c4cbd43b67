import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { fromProject } from "./base.ts";

/** Root of the program itself, without symbolic links. */
const root = realpathSync(resolve(import.meta.dirname, "../../.."));

/** Folders of the program itself, from which nothing is sent to workloads. */
const rooms = [
  ".ci",
  ".git",
  "components",
  "docs",
  "importer",
  "node_modules",
  "offline",
  "platforms",
  "settings",
  "stacks",
  "tools",
];

/** Levels of folders to search for a state; a folder of DAGs is rarely deeper. */
const searchDepth = 4;

/** True if a path is a folder, or inside it. */
export function isWithin(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return path === "" || !(path === ".." || path.startsWith(`..${sep}`) || path.startsWith(sep));
}

/** True if a path, which need not exist, is inside the program's folder, or inside the user's project. */
export function isOfProject(path: string): boolean {
  return [root, fromProject(".")].some((folder) => isWithin(resolve(path), folder));
}

/** Finds a folder `.state`, which any clone of the project may have. */
function stateIn(folder: string, levels = searchDepth): string | undefined {
  if (existsSync(join(folder, ".state"))) return join(folder, ".state");
  if (levels === 0) return undefined;
  const inner = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !["node_modules", ".git", "__pycache__"].includes(entry.name),
  );
  return inner
    .map(({ name }) => stateIn(join(folder, name), levels - 1))
    .find((found) => found !== undefined);
}

/** Explains why the place of a directory keeps it from every use, whatever is in it; undefined if nothing does. */
export function placeHeldBack(path: string): string | undefined {
  const real = realpathSync(path);
  const roots = [root, realpathSync(fromProject("."))];
  if (roots.some((folder) => isWithin(folder, real)))
    return "it holds the project, with the key of all secrets in .state";
  if (isWithin(realpathSync(homedir()), real)) return "it holds a home directory, with keys and logins";
  const room = rooms.find((name) => isWithin(real, join(root, name)));
  if (room !== undefined) return `it is in ${room}/, which belongs to the program`;
  return real.split(sep).includes(".state") ? "it is in .state, with the key of all secrets" : undefined;
}

/** Explains why a directory must not be mounted, uploaded or built into an image; undefined if it may be. */
export function directoryHeldBack(path: string): string | undefined {
  const ofPlace = placeHeldBack(path);
  if (ofPlace !== undefined) return ofPlace;
  try {
    const state = stateIn(realpathSync(path));
    return state && `it contains ${state}, with the key of all secrets`;
  } catch {
    return "this user may not read a directory in it";
  }
}

/** Explains why a stack must not use a file; undefined if it may. */
export function fileHeldBack(path: string): string | undefined {
  return realpathSync(path).split(sep).includes(".state")
    ? "it is in .state, with the key of all secrets"
    : undefined;
}
