import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { isWithin } from "../../schema/files/guarded.ts";

/** A file that a copy of the DAG folder has, or a link that a copy cannot have. */
interface DagFile {
  /** Path on this machine. */
  readonly source: string;
  /** Explains why the link cannot be copied. */
  readonly problem?: string;
}

/** Explains why a copy cannot have a link; undefined if it can. */
function linkProblem(target: string, above: readonly string[]): string | undefined {
  const [root = target] = above;
  if (!isWithin(target, root)) return `it leads out of the DAG folder, to ${relative(root, target)}`;
  return above.includes(target) ? "it leads to a folder that it is in" : undefined;
}

/** Lists a folder's files; `above` are the folders that it is in, from the DAG folder on, and itself, without links. */
function walk(folder: string, above: readonly string[]): DagFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): DagFile[] => {
    const source = join(folder, entry.name);
    // Ignores a link to nowhere, such as an editor's lock.
    if (entry.name === "__pycache__" || !existsSync(source)) return [];
    const target = realpathSync(source);
    const problem = entry.isSymbolicLink() ? linkProblem(target, above) : undefined;
    if (problem !== undefined) return [{ source, problem }];
    const stats = statSync(source);
    if (stats.isDirectory()) return walk(source, [...above, target]);
    return stats.isFile() ? [{ source }] : [];
  });
}

/**
 * Lists the files of a DAG folder, sorted, also those that links in it lead to. Leaves out Python's caches, which would
 * change a copy after a DAG ran here.
 */
export function dagFiles(folder: string): readonly DagFile[] {
  return walk(folder, [realpathSync(folder)]).sort((one, other) => (one.source < other.source ? -1 : 1));
}

/** True if a file is a program or a script to run. */
export function isExecutable(file: string): boolean {
  return (statSync(file).mode & 0o111) !== 0;
}

/** True if all workloads run on the deploying machine, whose folder they mount. */
export function isMounted(machines: readonly { readonly docker?: string | undefined }[]): boolean {
  const [first, ...others] = machines;
  return others.length === 0 && (first?.docker?.startsWith("unix:") ?? true);
}
