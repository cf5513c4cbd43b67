/** Keys and indices that lead to a value of a stack. */
export type Path = readonly PropertyKey[];

/** Returns the place of a value for an error: `FILE:LINE`, or what else holds the values. */
export type Where = (path: Path) => string;

/** Writes a path as `workerGroups[0].queues` or `connections["my.db"].password`. */
export function spell(path: Path): string {
  const parts = path.map((part, at) => {
    if (typeof part === "number") return `[${part}]`;
    if (part === "" || /[.[\]"]/.test(String(part))) return `[${JSON.stringify(part)}]`;
    return `${at > 0 ? "." : ""}${String(part)}`;
  });
  return parts.join("");
}

/**
 * Parses a path that `spell` wrote.
 * @throws Error if the text is not a path
 */
export function pathOf(spelt: string): Path {
  const parts = [...spelt.matchAll(/(?:^|(?!^)\.)([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/gy)];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  if (length === 0 || length < spelt.length)
    throw new Error(
      `${spelt} is not a key; expected one like secrets.fernetKey or connections["my.db"].password`,
    );
  return parts.map(
    ([, name, index, quoted]) => name ?? (index === undefined ? JSON.parse(quoted ?? "") : Number(index)),
  );
}

/** Lists all values inside a value that are neither lists nor objects, with their paths. */
export function leavesIn(value: unknown, path: Path = []): [path: Path, leaf: unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([part, inner]) => leavesIn(inner, [...path, part]));
}

/** True if both paths lead to the same value. */
export function samePath(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((part, at) => String(part) === String(other[at]));
}
