import { globSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { sourcesFolder } from "../../../platforms/docker/bySource.ts";
import { fromProject } from "../../../settings/schema/files/base.ts";

/** Number of earlier states that are kept of a stack, as many as there are deployments to go back to. */
const kept = 10;

/** Returns the time in the name of a file that the CLI writes at each change, in nanoseconds; undefined for other files. */
function timeOf(name: string, stack: string): number | undefined {
  const time = name.startsWith(stack) && /^[-.](\d+)\.\w+/.exec(name.slice(stack.length))?.[1];
  return time ? Number(time) : undefined;
}

/**
 * Removes copies of a stack's state: at each change the CLI writes two, of about a megabyte, and removes none.
 * The state itself stays, with the copy before its last change.
 * @param state folder of the local state
 */
export function removeOldStates(state: string, stack: string): void {
  for (const kind of ["history", "backups"]) {
    const folder = join(state, `.pulumi/${kind}/airflow/${stack}`);
    const times = Map.groupBy(globSync("*", { cwd: folder }), (name) => timeOf(name, stack) ?? Infinity);
    const oldest = [...times.keys()]
      .filter(Number.isFinite)
      .sort((one, other) => one - other)
      .at(-kept);
    for (const [time, names] of times)
      if (time < (oldest ?? 0)) for (const name of names) rmSync(join(folder, name), { force: true });
  }
}

/** Milliseconds after which no running deployment uses a file that it has not noted as used. */
const day = 86_400_000;

/** Removes files of earlier deployments from the folder of uploaded files: a deployment writes those that it needs. */
export function removeOldSources(folder = fromProject(sourcesFolder), now = Date.now()): void {
  const files = globSync("*", { cwd: folder }).map((file) => join(folder, file));
  for (const file of files)
    if (now - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now) > day)
      rmSync(file, { force: true });
}
