import { accessSync, constants, existsSync, statSync } from "node:fs";
import { z } from "zod";
import { fromProject } from "./files/base.ts";
import { directoryHeldBack, fileHeldBack } from "./files/guarded.ts";

const entryTests = {
  directory: { is: "isDirectory", heldBack: directoryHeldBack, access: constants.R_OK | constants.X_OK },
  file: { is: "isFile", heldBack: fileHeldBack, access: constants.R_OK },
} as const;
type EntryKind = keyof typeof entryTests;

function mayRead(path: string, kind: EntryKind): boolean {
  try {
    accessSync(path, entryTests[kind].access);
    return true;
  } catch {
    return false;
  }
}

/** What shells replace at the beginning of a path: a home directory, or a variable. */
const replacedByShells = /^(~[\w-]*|\$\w+|\$\{\w+\}|%\w+%)(?=[\\/]|$)/;

/** Explains what is wrong with a path; undefined if it leads to a directory or a file that may be used. */
function problemOf(given: string, kind: EntryKind): string | undefined {
  const path = fromProject(given);
  const expected = `expected a ${kind}, relative to Pulumi.yaml`;
  const [left] = replacedByShells.exec(given) ?? [];
  if (!existsSync(path) && left !== undefined)
    return `${expected}; only a shell replaces ${left}: write the whole path`;
  // A URL made into a path would no longer be one that is shown without its login and its query.
  if (!existsSync(path)) return `${expected}; there is none at ${given.includes("://") ? given : path}`;
  const stats = statSync(path);
  if (!stats[entryTests[kind].is]()) {
    return `${expected}; ${path} is ${stats.isDirectory() ? "a directory" : stats.isFile() ? "a file" : "neither a file nor a directory"}`;
  }
  if (!mayRead(path, kind)) return `${expected}, that this user may read: chmod u+r`;
  const problem = entryTests[kind].heldBack(path);
  return problem && `${problem}: expected a ${kind} that holds only what the stack needs`;
}

function existing(kind: EntryKind) {
  const error = `expected the path of a ${kind}, relative to Pulumi.yaml`;
  return z
    .string({ error })
    .min(1, { error })
    .transform((given, context): string => {
      const problem = problemOf(given, kind);
      if (problem !== undefined) context.addIssue(problem);
      return fromProject(given);
    });
}

/** A directory of the deploying machine; parsing makes the path absolute. */
export const directory = existing("directory");

/** A file of the deploying machine; parsing makes the path absolute. */
export const file = existing("file");
