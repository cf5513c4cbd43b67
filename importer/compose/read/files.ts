import { posix } from "node:path";
import { type Entry, entryAt } from "../../plan.ts";
import { handled, type Outcome, unsupported } from "../../rule.ts";
import {
  at,
  type Leaf,
  leavesOf,
  type ParsedFile,
  plainValue,
  readSource,
  type Translate,
  type Tree,
} from "../../source.ts";
import { mergeTrees } from "./merge.ts";
import { rebaseFile, rebaseService } from "./rebase.ts";

interface ReadFile {
  /** Name for messages. */
  readonly file: string;
  readonly text: string;
}

interface Reading {
  /** Reads a file by its path relative to the main file's folder; undefined if there is none. */
  readonly read: (path: string) => string | undefined;
  readonly translate: Translate;
}

/** Compose files merged into one, with the outcomes of values that were replaced. */
interface Loaded {
  readonly tree: Tree;
  readonly leaves: readonly Leaf[];
  /** Outcomes of values that name other files, or that other values replace. */
  readonly entries: readonly Entry[];
}

/** The service that another one extends, or why there is none. */
type Base = { readonly tree: Tree } | { readonly problem: Outcome };

const empty: Tree = { kind: "map", entries: new Map() };
const fileRead = handled("its file is read");
const filesOnly = unsupported(
  "of an include only its files are read: give its variables in .env, and its paths relative to its file",
);
const fileMissing = unsupported("there is no such file: run the import where it is, or name it");
const serviceMissing = unsupported("there is no such service");
const circle = unsupported("services extend each other in a circle");

/** Reads compose files with their includes and the services that theirs extend; later files win. */
export class ComposeFiles {
  private readonly reading: Reading;
  private readonly folder: string;
  private readonly leaves = new Set<Leaf>();
  private readonly sources = new Map<string, ParsedFile>();
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
      (before, { file, text }) => this.merge(before, this.readTree(file, text, ".")),
      empty,
    );
    return { tree, leaves: [...this.leaves], entries: this.entries };
  }

  private report(leaves: readonly Leaf[], outcome: Outcome): void {
    this.entries.push(...leaves.map((leaf) => entryAt(leaf, outcome)));
  }

  private merge(base: Tree, over: Tree): Tree {
    return (
      mergeTrees([], base, over, (lost, by) => {
        const [first] = leavesOf(by);
        const place = first ? `${first.file}:${first.line}` : "another file";
        this.report(leavesOf(lost), handled(`${place} overrides it`));
        if (by.tag === "!reset") this.report(leavesOf(by), handled("it removes values of another file"));
      }) ?? base
    );
  }

  /** Reads a file whose paths are relative to a folder, with the files that it includes and extends. */
  private readTree(file: string, text: string, folder: string): Tree {
    const source = this.parse(file, text);
    for (const leaf of source.leaves) this.leaves.add(leaf);
    const extended = this.withExtended(source.tree, folder);
    return this.withIncludes(rebaseFile(extended, folder), folder);
  }

  private parse(file: string, text: string): ParsedFile {
    const source = this.sources.get(file) ?? readSource(file, text, this.reading.translate);
    this.sources.set(file, source);
    return source;
  }

  private readSibling(path: string): ReadFile | undefined {
    const text = this.open.has(path) ? undefined : this.reading.read(path);
    return text === undefined ? undefined : { file: posix.join(this.folder, path), text };
  }

  private withIncludes(tree: Tree, folder: string): Tree {
    const list = at(tree, ["include"]);
    if (tree.kind !== "map" || list?.kind !== "list") return tree;
    const { include: _, ...rest } = Object.fromEntries(tree.entries);
    const withoutIncludes: Tree = { kind: "map", entries: new Map(Object.entries(rest)) };
    return list.items.reduceRight<Tree>((over, item) => {
      const include = plainValue(item);
      const paths = typeof include === "object" ? (Reflect.get(Object(include), "path") as unknown) : include;
      const joined = [paths].flat().map((path) => posix.join(folder, String(path)));
      const parts = joined.map((path) => ({ path, sibling: this.readSibling(path) }));
      const isRead = parts.every(({ sibling }) => sibling);
      const named = leavesOf(at(item, ["path"]) ?? item);
      this.report(named, isRead ? fileRead : fileMissing);
      this.report(
        leavesOf(item).filter((leaf) => !named.includes(leaf)),
        filesOnly,
      );
      const base = parts.reduce<Tree>((before, { path, sibling }) => {
        if (!sibling) return before;
        this.open.add(path);
        return this.merge(before, this.readTree(sibling.file, sibling.text, posix.dirname(path)));
      }, empty);
      return this.merge(base, over);
    }, withoutIncludes);
  }

  private withExtended(tree: Tree, folder: string): Tree {
    const services = at(tree, ["services"]);
    if (tree.kind !== "map" || services?.kind !== "map") return tree;
    const resolved = [...services.entries.keys()].map((name): [string, Tree] => [
      name,
      this.resolveService(services, name, folder, new Set()),
    ]);
    return {
      ...tree,
      entries: new Map([...tree.entries, ["services", { ...services, entries: new Map(resolved) }]]),
    };
  }

  /** Merges a service with the service that it extends, here or in another file. */
  private resolveService(services: Tree, name: string, folder: string, seen: ReadonlySet<string>): Tree {
    const tree = at(services, [name]) ?? empty;
    const from = at(tree, ["extends"]);
    if (tree.kind !== "map" || !from) return tree;
    const entries = new Map(tree.entries);
    entries.delete("extends");
    const ownEntries: Tree = { ...tree, entries };
    const base = this.findBase(services, from, folder, new Set([...seen, `${folder}/${name}`]));
    this.report(leavesOf(from), "problem" in base ? base.problem : fileRead);
    return "problem" in base ? ownEntries : this.merge(base.tree, ownEntries);
  }

  private findBase(services: Tree, from: Tree, folder: string, seen: ReadonlySet<string>): Base {
    const plain = plainValue(from);
    const { file, service } = (typeof plain === "string" ? { service: plain } : Object(plain)) as {
      file?: string;
      service?: string;
    };
    if (service === undefined) return { problem: serviceMissing };
    if (file === undefined) {
      if (seen.has(`${folder}/${service}`)) return { problem: circle };
      return at(services, [service])
        ? { tree: this.resolveService(services, service, folder, seen) }
        : { problem: serviceMissing };
    }
    const path = posix.join(folder, file);
    const sibling = this.readSibling(path);
    if (seen.has(`${path}/${service}`)) return { problem: circle };
    if (!sibling) return { problem: fileMissing };
    const source = this.parse(sibling.file, sibling.text);
    const siblings = at(source.tree, ["services"]);
    if (!siblings || !at(siblings, [service])) return { problem: serviceMissing };
    const inner = posix.dirname(path);
    const resolved = this.resolveService(siblings, service, inner, new Set([...seen, `${path}/${service}`]));
    for (const leaf of leavesOf(at(siblings, [service]) ?? resolved)) this.leaves.add(leaf);
    return { tree: rebaseService(resolved, posix.relative(folder, inner)) };
  }
}
