import { posix } from "node:path";
import { type Entry, entryAt } from "../../plan.ts";
import { handled, unsupported } from "../../rule.ts";
import { at, type Leaf, leavesOf, plainValue, type Tree } from "../../source.ts";
import { type Definition, readDefinitions } from "./envFile.ts";
import type { Variables } from "./interpolate.ts";
import { asMap } from "./merge.ts";

interface Environment {
  /** Variables of `.env` and of the shell. */
  readonly variables: Variables;
  /** Reads a file by its path relative to the compose file's folder; undefined if there is none. */
  readonly read: (path: string) => string | undefined;
  /** Name of the compose file, for the names of files beside it. */
  readonly main: string;
  /** Called with the name of each variable that a service takes from the environment. */
  readonly onUse: (name: string) => void;
  /** Files of variables that are read already, such as `.env`. */
  readonly known: readonly VariableFile[];
}

/** A file of variables, with a leaf for each definition. */
export interface VariableFile {
  readonly file: string;
  readonly lines: readonly { readonly definition: Definition; readonly leaf: Leaf }[];
}

export function variableFile(file: string, definitions: readonly Definition[]): VariableFile {
  const lines = definitions.map((definition) => ({
    definition,
    leaf: { file, line: definition.line, path: [definition.name] },
  }));
  return { file, lines };
}

interface WithVariables {
  readonly tree: Tree;
  /** Files that services read. */
  readonly files: readonly VariableFile[];
  /** Outcomes of `env_file`, and of lines that other values replace. */
  readonly entries: readonly Entry[];
}

interface NamedFile {
  readonly path: string;
  readonly required: boolean;
  readonly leaves: readonly Leaf[];
}

/** Reads `env_file: a`, `[a, b]` or `[{ path: a, required: false }]`. */
function namedFiles(tree: Tree | undefined): NamedFile[] {
  if (!tree) return [];
  return (tree.kind === "list" ? tree.items : [tree]).map((item) => {
    const plain = plainValue(item);
    const { path = plain, required = true } = Object(plain) as { path?: unknown; required?: boolean };
    return { path: String(path), required, leaves: leavesOf(item) };
  });
}

/** Adds to each service the variables of its files, and the values that it takes from the environment. */
export function withVariables(tree: Tree, environment: Environment): WithVariables {
  const files = new Map(environment.known.map((variableFile) => [variableFile.file, variableFile]));
  const read = new Set<VariableFile>();
  const entries: Entry[] = [];
  const report = (leaves: readonly Leaf[], outcome: Entry["outcome"]) => {
    entries.push(...leaves.map((leaf) => entryAt(leaf, outcome)));
  };

  const fileAt = ({ path, required, leaves }: NamedFile): VariableFile | undefined => {
    const file = posix.normalize(
      /^[/~]/.test(path) ? path : posix.join(posix.dirname(environment.main), path),
    );
    const text = files.has(file) ? undefined : environment.read(path);
    if (text !== undefined)
      files.set(file, variableFile(file, readDefinitions(file, text, environment.variables)));
    const found = files.get(file);
    if (found) read.add(found);
    const missing = required
      ? unsupported("there is no such file of variables: run the import where it is")
      : handled("there is no such file, and it is optional");
    report(leaves, found ? handled("its file is read") : missing);
    return found;
  };

  const service = (source: Tree): Tree => {
    if (source.kind !== "map") return source;
    const environmentOf = asMap(
      "environment",
      at(source, ["environment"]) ?? { kind: "map", entries: new Map() },
    );
    const variables = new Map<string, Tree>();
    const replace = (name: string, next: Tree) => {
      const before = variables.get(name);
      if (before?.kind === "leaf" && next.kind === "leaf")
        report([before.leaf], handled(`${next.leaf.file}:${next.leaf.line} overrides it`));
      variables.set(name, next);
    };
    for (const named of namedFiles(at(source, ["env_file"]))) {
      for (const { definition, leaf } of fileAt(named)?.lines ?? []) {
        const { name, value, unset } = definition;
        replace(name, { kind: "leaf", leaf, value, ...(unset && { unset }) });
      }
    }
    if (environmentOf.kind === "map")
      for (const [name, inner] of environmentOf.entries) replace(name, fillIn(name, inner, environment));
    const otherEntries = [...source.entries]
      .filter(([key]) => key !== "env_file")
      .map(([key, inner]): [string, Tree] => [key, asMap(key, inner)]);
    const environmentEntry =
      variables.size > 0 ? [["environment", { kind: "map", entries: variables }] as [string, Tree]] : [];
    return { ...source, entries: new Map([...otherEntries, ...environmentEntry]) };
  };

  const services = at(tree, ["services"]);
  if (tree.kind !== "map" || services?.kind !== "map") return { tree, files: [], entries };
  const changed = new Map([...services.entries].map(([name, inner]) => [name, service(inner)]));
  const filled: Tree = {
    ...tree,
    entries: new Map([...tree.entries, ["services", { ...services, entries: changed }]]),
  };
  return { tree: filled, files: [...read], entries };
}

/** Fills in a variable without a value from the environment. */
function fillIn(name: string, tree: Tree, { variables, onUse }: Environment): Tree {
  if (tree.kind !== "leaf" || tree.value !== null) return tree;
  onUse(name);
  const value = variables.get(name);
  return value === undefined ? { ...tree, unset: [name] } : { ...tree, value };
}
