import { plainAt, type Tree } from "../source.ts";

/** Returns the value of a service's variable; undefined if the service does not set the variable. */
export function variableOf(tree: Tree, name: string): string | undefined {
  const value = plainAt(tree, ["environment", name]);
  return value === undefined || value === null ? undefined : String(value);
}

/** Returns the first value that is not empty, by service, and then by the order of the variables' names. */
export function firstVariable(trees: readonly Tree[], ...names: readonly string[]): string | undefined {
  return trees.flatMap((tree) => names.map((name) => variableOf(tree, name))).find((value) => value);
}
