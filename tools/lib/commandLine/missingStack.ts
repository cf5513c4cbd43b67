import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { hint, nearest } from "../../../settings/rules/nearest.ts";

/** Lists the stacks that have a file in a folder. */
function stacksIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []).sort();
}

/** Tells where the stack may be instead; undefined if neither its name nor a file beside it says so. */
function elsewhere(name: string, file: string): string | undefined {
  const [, named] = /(?:^|\/)Pulumi\.([^/]+)\.ya?ml$/.exec(name) ?? [];
  if (named !== undefined) return `--stack is ${name}; expected the name of the stack alone: ${named}`;
  const other = file.replace(/\.yaml$/, ".yml");
  return existsSync(other)
    ? `${other} is not read; expected the name ${basename(file)}: rename it`
    : undefined;
}

/**
 * Words the error of a stack without a file.
 * @param advice what to do if the stack is new
 */
export function missingStack(name: string, file: string, advice = ""): string {
  const stacks = stacksIn(dirname(file));
  const others = stacks.length > 0 ? `, or one of the stacks ${stacks.join(", ")}` : "";
  return (
    elsewhere(name, file) ??
    `${file} does not exist; ${hint(nearest(name, stacks))}expected the stack file of stack ${name}${others}.${advice}`
  );
}
