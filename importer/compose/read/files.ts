import { posix } from "node:path";
import type { Entry } from "../../plan.ts";
import { handled, type Outcome, unsupported } from "../../rule.ts";
import {
  at,
  type Leaf,
  leavesOf,
  plainValue,
  readSource,
  type Source,
  type Translate,
  type Tree,
} from "../../source.ts";
import { merged } from "./merge.ts";
import { rebased, rebasedFile } from "./rebase.ts";

export interface ReadFile {
  /** Name for messages. */
  readonly file: string;
  readonly text: string;
}

export interface Reading {
  /** Reads a file by its path relative to the main file's folder; undefined if there is none. */
  readonly read: (path: string) => string | undefined;
  readonly translate: Translate;
}

/** Compose files merged into one, with the outcomes of values that were replaced. */
export interface Loaded {
  readonly tree: Tree;
  readonly leaves: readonly Leaf[];
  /** Outcomes of values that name other files, or that other values replace. */
  readonly entries: readonly Entry[];
}

const empty: Tree = { kind: "map", entries: new Map() };
const named = handled("its file is read");
const missing = unsupported("there is no such file: run the import where it is, or name it");

/** Reads compose files with their includes and the services that theirs extend; later files win. */
export class ComposeFiles {
  private readonly reading: Reading;
  private readonly folder: string;
  private readonly leaves = new Set<Leaf>();
  private readonly sources = new Map<string, Source>();
  private readonly entries: Entry[] = [];
  private readonly open = new Set<string>();

  /** @param main name of the first file, whose folder all paths are relative to */
  constructor(main: string, reading: Reading) {
    this.folder = posix.dirname(main);
    this.reading = reading;
  }

  /** @throws Error with file and line if a file is not YAML */
  load(files: readonly ReadFile[]): Loaded {
    const tree = files.reduce<Tree>(
      (before, { file, text }) => this.join(before, this.one(file, text, ".")),
      empty,
    );
    return { tree, leaves: [...this.leaves], entries: this.entries };
  }

  private tell(leaves: readonly Leaf[], outcome: Outcome): void {
    for (const leaf of leaves)
      this.entries.push({ item: { path: leaf.path, value: null, leaves: [leaf], match: [] }, outcome });
  }

  private join(base: Tree, over: Tree): Tree {
    return (
      merged([], base, over, (lost, by) => {
        const [first] = leavesOf(by);
        const place = first ? `${first.file}:${first.line}` : "another file";
        this.tell(leavesOf(lost), handled(`${place} overrides it`));
        if (by.tag === "!reset") this.tell(leavesOf(by), handled("it removes values of another file"));
      }) ?? base
    );
  }

  /** Reads a file whose paths are relative to a folder, with the files that it includes and extends. */
  private one(file: string, text: string, folder: string): Tree {
    const source = this.source(file, text);
    for (const leaf of source.leaves) this.leaves.add(leaf);
    const extended = this.extended(source.tree, folder);
    return this.included(rebasedFile(extended, folder), folder);
  }

  private source(file: string, text: string): Source {
    const source = this.sources.get(file) ?? readSource(file, text, this.reading.translate);
    this.sources.set(file, source);
    return source;
  }

  private sibling(path: string): ReadFile | undefined {
    const text = this.open.has(path) ? undefined : this.reading.read(path);
    return text === undefined ? undefined : { file: posix.join(this.folder, path), text };
  }

  private included(tree: Tree, folder: string): Tree {
    const list = at(tree, ["include"]);
    if (tree.kind !== "map" || list?.kind !== "list") return tree;
    const { include: _, ...rest } = Object.fromEntries(tree.entries);
    const own: Tree = { kind: "map", entries: new Map(Object.entries(rest)) };
    return list.items.reduceRight<Tree>((over, item) => {
      const given = plainValue(item);
      const paths = typeof given === "object" ? (Reflect.get(Object(given), "path") as unknown) : given;
      const found = [paths].flat().map((path) => posix.join(folder, String(path)));
      const parts = found.map((path) => ({ path, sibling: this.sibling(path) }));
      this.tell(leavesOf(item), parts.every(({ sibling }) => sibling) ? named : missing);
      const base = parts.reduce<Tree>((before, { path, sibling }) => {
        if (!sibling) return before;
        this.open.add(path);
        return this.join(before, this.one(sibling.file, sibling.text, posix.dirname(path)));
      }, empty);
      return this.join(base, over);
    }, own);
  }

  private extended(tree: Tree, folder: string): Tree {
    const services = at(tree, ["services"]);
    if (tree.kind !== "map" || services?.kind !== "map") return tree;
    const made = [...services.entries.keys()].map((name): [string, Tree] => [
      name,
      this.service(services, name, folder, new Set()),
    ]);
    return {
      ...tree,
      entries: new Map([...tree.entries, ["services", { ...services, entries: new Map(made) }]]),
    };
  }

  /** Merges a service with the service that it extends, here or in another file. */
  private service(services: Tree, name: string, folder: string, seen: ReadonlySet<string>): Tree {
    const tree = at(services, [name]) ?? empty;
    const from = at(tree, ["extends"]);
    if (tree.kind !== "map" || !from) return tree;
    const entries = new Map(tree.entries);
    entries.delete("extends");
    const own: Tree = { ...tree, entries };
    const base = this.base(services, from, folder, new Set([...seen, `${folder}/${name}`]));
    this.tell(leavesOf(from), base ? named : missing);
    return base ? this.join(base, own) : own;
  }

  private base(services: Tree, from: Tree, folder: string, seen: ReadonlySet<string>): Tree | undefined {
    const given = plainValue(from);
    const { file, service } = (typeof given === "string" ? { service: given } : Object(given)) as {
      file?: string;
      service?: string;
    };
    if (service === undefined) return undefined;
    if (file === undefined) {
      const isOpen = seen.has(`${folder}/${service}`) || !at(services, [service]);
      return isOpen ? undefined : this.service(services, service, folder, seen);
    }
    const path = posix.join(folder, file);
    const sibling = this.sibling(path);
    if (!sibling || seen.has(`${path}/${service}`)) return undefined;
    const source = this.source(sibling.file, sibling.text);
    const there = at(source.tree, ["services"]);
    if (!there || !at(there, [service])) return undefined;
    const inner = posix.dirname(path);
    const made = this.service(there, service, inner, new Set([...seen, `${path}/${service}`]));
    for (const leaf of leavesOf(at(there, [service]) ?? made)) this.leaves.add(leaf);
    return rebased(made, posix.relative(folder, inner));
  }
}
