import { posix } from "node:path";
import type { SourcePath, Tree } from "../../source.ts";

/** True if the value at a path of a service, or of the definition of a volume, is a file or a folder beside the compose file. */
function isPath([key, second, third]: SourcePath): boolean {
  if (key === "volumes") return third === undefined || third === "source";
  if (key === "env_file") return second === undefined || third === undefined || third === "path";
  if (key === "driver_opts") return second === "device";
  if (key === "build") return second === undefined || second === "context";
  return key === "extends" && second === "file";
}

function rebasePath(value: string, folder: string, isVolume: boolean): string {
  if (value === "" || /^[/~]/.test(value) || /^[a-z]+:\/\//.test(value)) return value;
  if (isVolume && !value.startsWith(".")) return value;
  return `./${posix.join(folder, value)}`;
}

/** Makes the paths in a service or in the definition of a volume, which are relative to its file's folder, relative to the main file's folder. */
export function rebaseService(tree: Tree, folder: string, path: SourcePath = []): Tree {
  if (folder === "." || folder === "") return tree;
  if (tree.kind === "map") {
    const entries = [...tree.entries].map(([key, inner]): [string, Tree] => [
      key,
      rebaseService(inner, folder, [...path, key]),
    ]);
    return { ...tree, entries: new Map(entries) };
  }
  if (tree.kind === "list")
    return { ...tree, items: tree.items.map((item, at) => rebaseService(item, folder, [...path, at])) };
  const isSource = typeof tree.value === "string" && isPath(path);
  return isSource ? { ...tree, value: rebasePath(String(tree.value), folder, path[0] === "volumes") } : tree;
}

/** Makes the paths in a whole file relative to the main file's folder. */
export function rebaseFile(tree: Tree, folder: string): Tree {
  if (tree.kind !== "map" || folder === "." || folder === "") return tree;
  const changeEach = (inner: Tree, change: (tree: Tree) => Tree): Tree =>
    inner.kind === "map"
      ? { ...inner, entries: new Map([...inner.entries].map(([name, value]) => [name, change(value)])) }
      : inner;
  const rebaseSource = (definition: Tree): Tree =>
    changeEach(definition, (leaf) =>
      leaf.kind === "leaf" && typeof leaf.value === "string" && /[/.]/.test(leaf.value)
        ? { ...leaf, value: rebasePath(leaf.value, folder, false) }
        : leaf,
    );
  const entries = [...tree.entries].map(([key, inner]): [string, Tree] => {
    if (key === "services" || key === "volumes")
      return [key, changeEach(inner, (service) => rebaseService(service, folder))];
    return [key, key === "secrets" || key === "configs" ? changeEach(inner, rebaseSource) : inner];
  });
  return { ...tree, entries: new Map(entries) };
}
