/** Connections by source and target; `partly` if only some addresses of the target are open. */
export type Matrix = ReadonlyMap<string, ReadonlyMap<string, Cell>>;

export type Cell = "open" | "closed" | "partly";

/** Runs a command in a pod; returns its standard output. */
export type Exec = (...command: string[]) => Promise<string>;

/** Places to open connections from, by name. */
export type Sources = ReadonlyMap<string, Exec>;

/** Addresses as `IP/PORT` by target name: those of a pod and of its service, for example. */
export type Targets = ReadonlyMap<string, readonly string[]>;

// Bash is in all images. Dropped packets are not even refused, so those attempts take all 10 seconds, which a busy machine needs for the others.
const script = `for target; do
  { timeout 10 bash -c 'exec 3<>"/dev/tcp/$1"' connect "$target" 2>/dev/null && echo "$target"; } &
done
wait`;

function cell(addresses: readonly string[], reached: ReadonlySet<string>): Cell {
  const count = addresses.filter((address) => reached.has(address)).length;
  return count === 0 ? "closed" : count === addresses.length ? "open" : "partly";
}

/** Opens connections from every source to every target, all at the same time. */
export async function measured(sources: Sources, targets: Targets): Promise<Matrix> {
  const addresses = [...targets.values()].flat();
  const rows = [...sources].map(async ([source, exec]) => {
    const reached = new Set((await exec("bash", "-c", script, "reach", ...addresses)).split("\n"));
    const cells = [...targets].map(([target, own]) => [target, cell(own, reached)] as const);
    return [source, new Map(cells)] as const;
  });
  return new Map(await Promise.all(rows));
}

/** Lists the targets that each source reached, sorted. */
export function opened(matrix: Matrix): Record<string, string[]> {
  const rows = [...matrix].map(([source, cells]) => {
    const reached = [...cells].filter(([, is]) => is !== "closed");
    return [source, reached.map(([target, is]) => (is === "open" ? target : `${target}, ${is}`)).sort()];
  });
  return Object.fromEntries(rows);
}

/** Renders a table with one line per source: `x` for an open connection. */
export function table(matrix: Matrix): string[] {
  const [first] = matrix.values();
  const targets = [...(first?.keys() ?? [])];
  const width = Math.max(...[...matrix.keys()].map((name) => name.length));
  const marks = { open: "x", closed: ".", partly: "?" };
  const head = targets.map((target, at) => `${String.fromCharCode(65 + at)} ${target}`).join(", ");
  const letters = targets.map((_, at) => String.fromCharCode(65 + at)).join(" ");
  const rows = [...matrix].map(([source, cells]) => {
    return `${source.padEnd(width)}  ${[...cells.values()].map((is) => marks[is]).join(" ")}`;
  });
  return [`from the left to: ${head}`, `${" ".repeat(width)}  ${letters}`, ...rows];
}
