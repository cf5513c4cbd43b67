import { resolve } from "node:path";

/** Resolves a path against the directory in which the user ran the command: npm changes to the project's. */
export function userPath(given: string): string {
  return resolve(process.env.INIT_CWD ?? ".", given);
}
