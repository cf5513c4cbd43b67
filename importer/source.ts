import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar as YamlScalar,
} from "yaml";

export type SourcePath = readonly (string | number)[];
/** A value that is neither a map nor a list; undefined if it comes from the environment of the deployment. */
type Scalar = string | number | boolean | null | undefined;

/** Place of a value in a file; empty maps and lists count as values. */
export interface Leaf {
  readonly file: string;
  readonly line: number;
  readonly path: SourcePath;
}

/** Contents of a file, with anchors and merges resolved; an anchored value has the same leaf wherever it is used. */
export type Tree = (
  | {
      readonly kind: "leaf";
      readonly leaf: Leaf;
      readonly value: Scalar;
      /** The value of an empty map or list, which to a reader of single values is null. */
      readonly empty?: object;
      /** Variables in the text that have no value. */
      readonly unset?: readonly string[];
    }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Tree> }
  | { readonly kind: "list"; readonly items: readonly Tree[] }
) & {
  readonly tag?: (typeof tags)[number];
};

/** A text after its variables have been replaced. */
export interface Translated {
  readonly value: Scalar;
  readonly unset?: readonly string[];
}
export type Translate = (text: string) => Translated;

export interface ParsedFile {
  readonly tree: Tree;
  /** Leaves in the order of the file. */
  readonly leaves: readonly Leaf[];
}

/**
 * Reads YAML, and records the places of its values.
 * @param translate applied to each text
 * @param first number of the first line
 * @throws Error with file and line if the text is not YAML
 */
export function readSource(
  file: string,
  text: string,
  translate: Translate = (value) => ({ value }),
  first = 1,
): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "error" });
  const [error] = document.errors;
  if (error) {
    const [reason] = error.message.split(" at line ");
    throw new Error(`${file}:${error.linePos?.[0].line ?? first}: not YAML: ${reason}`);
  }
  const reader = new Reader(
    file,
    text,
    document,
    translate,
    (offset) => lines.linePos(offset).line + first - 1,
  );
  return { tree: reader.read(document.contents, [], 0), leaves: reader.leaves };
}

/** Tags of compose for values that replace others instead of being merged with them. */
const tags = ["!reset", "!override"] as const;

class Reader {
  readonly leaves: Leaf[] = [];
  private readonly file: string;
  private readonly text: string;
  private readonly document: Document;
  private readonly translate: Translate;
  private readonly line: (offset: number) => number;
  /** Anchored nodes, each read once. */
  private readonly known = new Map<unknown, Tree>();

  constructor(
    file: string,
    text: string,
    document: Document,
    translate: Translate,
    line: (offset: number) => number,
  ) {
    this.file = file;
    this.text = text;
    this.document = document;
    this.translate = translate;
    this.line = line;
  }

  read(node: unknown, path: SourcePath, offset: number): Tree {
    if (isAlias(node)) {
      const known = this.known.get(node.resolve(this.document));
      if (known) return known;
      const line = this.line(node.range?.[0] ?? offset);
      throw new Error(
        `${this.file}:${line}: not YAML: a text begins with *, and no such anchor is before it; expected quotes around it`,
      );
    }
    const untagged = this.readUntagged(node, path, offset);
    const tag = isNode(node) ? tags.find((known) => known === node.tag) : undefined;
    const tree: Tree = tag ? { ...untagged, tag } : untagged;
    this.known.set(node, tree);
    return tree;
  }

  private readUntagged(node: unknown, path: SourcePath, offset: number): Tree {
    const template = this.templateIn(node);
    if (template !== undefined) return this.leaf(node, path, offset, template);
    if (isMap(node) && node.items.length > 0) return this.map(node.items, path);
    if (isSeq(node) && node.items.length > 0) {
      return { kind: "list", items: node.items.map((item, at) => this.read(item, [...path, at], offset)) };
    }
    return this.leaf(node, path, offset, isScalar(node) ? exactValue(node) : null);
  }

  /** Returns the text of a template of Helm's without quotes, which YAML reads as a map in a map: `{{ .Values.x }}`. */
  private templateIn(node: unknown): string | undefined {
    const isTemplate = isMap(node) && node.items.some(({ key }) => isMap(key));
    const [start = 0, end = 0] = (isTemplate && node.range) || [];
    return isTemplate ? this.text.slice(start, end) : undefined;
  }

  private leaf(node: unknown, path: SourcePath, offset: number, value: Scalar): Tree {
    const at = (node as { range?: readonly number[] } | null)?.range?.[0] ?? offset;
    const leaf = { file: this.file, line: this.line(at), path };
    this.leaves.push(leaf);
    const isEmpty = value === null && (isMap(node) || isSeq(node));
    if (isEmpty) return { kind: "leaf", leaf, value, empty: isMap(node) ? {} : [] };
    return { kind: "leaf", leaf, ...(typeof value === "string" ? this.translate(value) : { value }) };
  }

  private map(pairs: readonly Pair[], path: SourcePath): Tree {
    const merged: Tree[] = [];
    const given = new Map<string, Tree>();
    for (const { key, value } of pairs) {
      const name = keyName(key);
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
      const tree = this.read(value, [...path, name], offset);
      if (name === "<<") merged.push(...(tree.kind === "list" ? tree.items : [tree]));
      else given.set(name, tree);
    }
    // If several merged maps have a key, the first wins.
    const inherited = merged.toReversed().flatMap((tree) => (tree.kind === "map" ? [...tree.entries] : []));
    return { kind: "map", entries: new Map([...inherited, ...given]) };
  }
}

/** Returns a value; an integer with more digits than a number holds stays a text. */
function exactValue({ value, source }: YamlScalar): Scalar {
  const isRounded = typeof value === "number" && !Number.isSafeInteger(value);
  return isRounded && /^[-+]?\d+$/.test(source ?? "") ? source : (value as Scalar);
}

/** Returns the name of a key; the key `<<` is a symbol if its tag is given: `!!merge <<`. */
function keyName(key: unknown): string {
  const value = isScalar(key) ? key.value : key;
  return typeof value === "symbol" ? String(value.description) : String(value);
}

export function leavesOf(tree: Tree): Leaf[] {
  if (tree.kind === "leaf") return [tree.leaf];
  return (tree.kind === "list" ? tree.items : [...tree.entries.values()]).flatMap(leavesOf);
}

/** Returns the value of a tree, without places. */
export function plainValue(tree: Tree): unknown {
  if (tree.kind === "leaf") return tree.empty ?? tree.value;
  if (tree.kind === "list") return tree.items.map(plainValue);
  return Object.fromEntries([...tree.entries].map(([key, inner]) => [key, plainValue(inner)]));
}

/** Returns the value at a path of a tree, without its place; undefined if there is none. */
export function plainAt(tree: Tree, path: SourcePath): unknown {
  const inner = at(tree, path);
  return inner && plainValue(inner);
}

/** Lists the names of the variables in a tree that have no value. */
export function unsetIn(tree: Tree): string[] {
  if (tree.kind === "leaf") return [...(tree.unset ?? [])];
  return (tree.kind === "list" ? tree.items : [...tree.entries.values()]).flatMap(unsetIn);
}

/** Returns the subtree at a path; undefined if there is none. */
export function at(tree: Tree | undefined, path: SourcePath): Tree | undefined {
  return path.reduce<Tree | undefined>((inner, part) => {
    if (inner?.kind === "map") return inner.entries.get(String(part));
    return inner?.kind === "list" ? inner.items[Number(part)] : undefined;
  }, tree);
}
