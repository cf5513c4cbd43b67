import type { SourcePath, Tree } from "../../source.ts";

/** Called for each value that another value replaces. */
type Replaced = (lost: Tree, by: Tree) => void;

/** Keys whose lists can also be maps: `- NAME=VALUE`, `- host:address`. */
const mapPatterns: Readonly<Record<string, RegExp>> = {
  annotations: /^([^=]+)(?:=(.*))?$/s,
  args: /^([^=]+)(?:=(.*))?$/s,
  environment: /^([^=]+)(?:=(.*))?$/s,
  labels: /^([^=]+)(?:=(.*))?$/s,
  extra_hosts: /^([^=:]+)[=:](.*)$/s,
};

/** Turns a list of `NAME=VALUE` into a map, if the key allows lists and maps. */
export function asMap(key: string, tree: Tree): Tree {
  const pattern = mapPatterns[key];
  if (!pattern || tree.kind !== "list") return tree;
  const entries = tree.items.flatMap((item): [string, Tree][] => {
    if (item.kind !== "leaf") return [];
    const [, name = String(item.value), value = null] = pattern.exec(String(item.value)) ?? [];
    return [[name, { ...item, value }]];
  });
  return { kind: "map", entries: new Map(entries) };
}

/** Keys whose lists replace each other. */
const replacing = new Set(["command", "entrypoint", "test"]);

function textOfLeaf(tree: Tree | undefined): string {
  return tree?.kind === "leaf" ? String(tree.value ?? "") : "";
}

/** Returns the text by which two items of a list are the same: for volumes the path in the container. */
function identity(key: string, item: Tree): string | undefined {
  if (key === "volumes") {
    return item.kind === "map" ? textOfLeaf(item.entries.get("target")) : textOfLeaf(item).split(":")[1];
  }
  return item.kind === "leaf" ? textOfLeaf(item) : undefined;
}

function mergeLists(key: string, base: readonly Tree[], over: readonly Tree[], replaced: Replaced): Tree {
  const kept = base.filter((item) => {
    const itemIdentity = identity(key, item);
    const by =
      itemIdentity === undefined ? undefined : over.find((other) => identity(key, other) === itemIdentity);
    if (by) replaced(item, by);
    return by === undefined;
  });
  return { kind: "list", items: [...kept, ...over] };
}

/** Merges two values as docker compose does; undefined if the second one resets the first. */
export function mergeTrees(path: SourcePath, base: Tree, over: Tree, replaced: Replaced): Tree | undefined {
  const key = String(path.at(-1) ?? "");
  if (over.tag === "!reset" || over.tag === "!override") {
    replaced(base, over);
    return over.tag === "!override" ? over : undefined;
  }
  const [baseMap, overMap] = [asMap(key, base), asMap(key, over)];
  if (baseMap.kind === "map" && overMap.kind === "map") {
    const entries = new Map(baseMap.entries);
    for (const [name, inner] of overMap.entries) {
      const known = entries.get(name);
      const result = known ? mergeTrees([...path, name], known, inner, replaced) : inner;
      if (result) entries.set(name, result);
      else entries.delete(name);
    }
    return { kind: "map", entries };
  }
  if (baseMap.kind === "list" && overMap.kind === "list" && !replacing.has(key))
    return mergeLists(key, baseMap.items, overMap.items, replaced);
  replaced(baseMap, overMap);
  return overMap;
}
