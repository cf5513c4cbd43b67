import { existsSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { project } from "../tools/lib/process.ts";
import type { Plan } from "./plan.ts";
import { renderStackFile } from "./write.ts";

/** Returns a path for a stack file: relative to the project if the path is inside it. */
export function projectPath(absolute: string): string {
  const path = relative(project, absolute);
  return path.startsWith("..") ? absolute : path || ".";
}

interface Saved {
  readonly plan: Plan;
  readonly stack: string;
  /** The imported file. */
  readonly from: string;
  /** Directory of stack files. */
  readonly folder: string;
}

/**
 * Writes the stack file and, if there are Python packages, a file for them beside it.
 * @returns the files, the stack file first
 * @throws Error if one of the files exists already; then none is written
 */
export function save({ plan, stack, from, folder }: Saved): string[] {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  const packages = join(folder, `requirements.${stack}.txt`);
  const texts = new Map<string, string>();
  const requirements = plan.requirements === undefined ? undefined : projectPath(packages);
  texts.set(file, renderStackFile({ plan, from, stack, requirements }));
  if (plan.requirements !== undefined) texts.set(packages, plan.requirements);
  for (const path of texts.keys()) {
    if (!existsSync(path)) continue;
    throw new Error(
      `${projectPath(path)} is there already, and is not overwritten. Remove it, or give another name: --stack NAME.`,
    );
  }
  for (const [path, text] of texts) writeFileSync(path, text);
  return [...texts.keys()];
}
