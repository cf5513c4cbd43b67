import type { Path, Tree } from "../../source.ts";

/** Called for each value that another value replaces. */
export type Replaced = (lost: Tree, by: Tree) => void;

/** Keys whose lists can also be maps: `- NAME=VALUE`, `- host:address`. */
const named: Readonly<Record<string, RegExp>> = {
  annotations: /^([^=]+)(?:=(.*))?$/s,
  args: /^([^=]+)(?:=(.*))?$/s,
  environment: /^([^=]+)(?:=(.*))?$/s,
  labels: /^([^=]+)(?:=(.*))?$/s,
  extra_hosts: /^([^=:]+)[=:](.*)$/s,
};

/** Turns a list of `NAME=VALUE` into a map, if the key allows lists and maps. */
export function asMap(key: string, tree: Tree): Tree {
  const pattern = named[key];
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

function text(tree: Tree | undefined): string {
  return tree?.kind === "leaf" ? String(tree.value ?? "") : "";
}

/** Returns the text by which two items of a list are the same: for volumes the path in the container. */
function identity(key: string, item: Tree): string | undefined {
  if (key === "volumes") {
    return item.kind === "map" ? text(item.entries.get("target")) : text(item).split(":")[1];
  }
  return item.kind === "leaf" ? text(item) : undefined;
}

function lists(key: string, base: readonly Tree[], over: readonly Tree[], replaced: Replaced): Tree {
  const kept = base.filter((item) => {
    const same = identity(key, item);
    const by = same === undefined ? undefined : over.find((other) => identity(key, other) === same);
    if (by) replaced(item, by);
    return by === undefined;
  });
  return { kind: "list", items: [...kept, ...over] };
}

/** Merges two values as docker compose does; undefined if the second one resets the first. */
export function merged(path: Path, base: Tree, over: Tree, replaced: Replaced): Tree | undefined {
  const key = String(path.at(-1) ?? "");
  if (over.tag === "!reset" || over.tag === "!override") {
    replaced(base, over);
    return over.tag === "!override" ? over : undefined;
  }
  const [one, other] = [asMap(key, base), asMap(key, over)];
  if (one.kind === "map" && other.kind === "map") {
    const entries = new Map(one.entries);
    for (const [name, inner] of other.entries) {
      const before = entries.get(name);
      const made = before ? merged([...path, name], before, inner, replaced) : inner;
      if (made) entries.set(name, made);
      else entries.delete(name);
    }
    return { kind: "map", entries };
  }
  if (one.kind === "list" && other.kind === "list" && !replacing.has(key))
    return lists(key, one.items, other.items, replaced);
  replaced(one, other);
  return other;
}
