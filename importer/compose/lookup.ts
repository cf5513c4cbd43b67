import { at, type Path, plainValue, type Tree } from "../source.ts";

/** The value at a path, without its place. */
export function plainAt(tree: Tree, path: Path): unknown {
  const found = at(tree, path);
  return found && plainValue(found);
}

/** A variable of a service; undefined if it has none. */
export function variableOf(tree: Tree, name: string): string | undefined {
  const value = plainAt(tree, ["environment", name]);
  return value === undefined || value === null ? undefined : String(value);
}

/** The first value that one of the services gives to a variable, or to another one. */
export function firstVariable(trees: readonly Tree[], ...names: readonly string[]): string | undefined {
  return trees.flatMap((tree) => names.map((name) => variableOf(tree, name))).find((value) => value);
}
