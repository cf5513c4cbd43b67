import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  visit,
} from "yaml";

/** Texts of faults, by the parser's code: its own messages repeat parts of the file, which may be secret. */
const words: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias has a tag or an anchor; expected the alias alone",
  BAD_ALIAS: "a text begins with * or &, which is an alias or an anchor; expected quotes around it",
  BAD_DIRECTIVE: "a line begins with %, which is a directive; expected none, or quotes around a text",
  BAD_DQ_ESCAPE: "a backslash in double quotes is unknown; expected \\\\ for a backslash, or single quotes",
  BAD_INDENT:
    "the indentation fits no line above; expected the keys of an object in one column, and ] or } after what [ or { opens",
  BAD_SCALAR_START: "a text begins with @, ` or %, which YAML reserves; expected quotes around it",
  BLOCK_AS_IMPLICIT_KEY:
    "a line has a second key; expected one KEY: VALUE on a line, and quotes around a text with ': '",
  BLOCK_IN_FLOW: "a line with - or KEY: is between brackets; expected [A, B] or { KEY: VALUE }",
  DUPLICATE_KEY: "a key is there for the second time; expected each key once: remove one of both",
  MISSING_CHAR:
    "a quote, bracket, comma or colon is missing; expected KEY: VALUE, and every quote and bracket closed",
  MULTILINE_IMPLICIT_KEY:
    "a key goes over several lines; expected KEY: VALUE on one line, in the column of the keys beside it",
  MULTIPLE_ANCHORS: "a value has two anchors; expected one",
  MULTIPLE_DOCS: "a second document begins; expected one: remove --- and what follows it",
  MULTIPLE_TAGS: "a value has two tags; expected none",
  TAB_AS_INDENT: "a tab indents the line; expected spaces",
  TAG_RESOLVE_FAILED: "a text begins with !, which is a tag; expected quotes around it",
  UNEXPECTED_TOKEN:
    "a text goes on where the value has ended; expected one value, in quotes if it has signs of YAML's own",
};
const otherwise = "expected lines of KEY: VALUE";

interface Found {
  readonly offset: number;
  readonly message: string;
}

/** Tags that name what a value is anyway; others make values that no key takes. */
const plainTags = ["str", "int", "float", "bool", "null", "map", "seq"].map(
  (tag) => `tag:yaml.org,2002:${tag}`,
);

/** True for an object, or a list of objects, whose keys `<<` may add to those beside it. */
function canMerge(document: Document.Parsed, value: unknown): boolean {
  const node = isAlias(value) ? value.resolve(document) : value;
  return isSeq(node) ? node.items.every((item) => canMerge(document, item)) : isMap(node);
}

/** Finds the fault of a node by itself. */
function nodeFault({ tag }: Node, value: unknown): string | undefined {
  if (tag !== undefined && !plainTags.includes(tag)) return words.TAG_RESOLVE_FAILED;
  if (typeof value !== "string" || (!value.includes("\0") && value.isWellFormed())) return undefined;
  return "a text has a NUL, or half of a character, which no database and no environment takes; expected the text without it";
}

/** Finds the fault of an alias among the nodes around it, and the anchors above it. */
function aliasFault(source: string, around: readonly unknown[], anchors: ReadonlySet<string>) {
  if (!anchors.has(source))
    return "a text begins with *, which is the alias of an anchor, and no such anchor is above; expected quotes around it";
  const isWithin = around.some((node) => isCollection(node) && node.anchor === source);
  return isWithin ? "an alias stands in its own anchor; expected a value that ends" : undefined;
}

/** Finds faults that the parser does not look for: of nodes, of aliases, and of keys. */
function inNodes(document: Document.Parsed): Found[] {
  const found: Found[] = [];
  const anchors = new Set<string>();
  const add = (node: unknown, message: string | undefined) => {
    if (message !== undefined) found.push({ offset: (isNode(node) && node.range?.[0]) || 0, message });
  };
  visit(document, {
    Alias: (_, node, around) => add(node, aliasFault(node.source, around, anchors)),
    Value(_, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      add(node, nodeFault(node, isScalar(node) && node.value));
      const keys = new Set<string>();
      for (const { key } of isMap(node) ? node.items : []) {
        if (!isScalar(key)) continue;
        const name = String(key.source ?? key.value);
        if (keys.has(name)) add(key, words.DUPLICATE_KEY);
        keys.add(name);
      }
    },
    Pair(_, { key, value }) {
      if (!isScalar(key) && !isAlias(key))
        add(key, "a key is a list or an object; expected a name, in quotes if it has brackets");
      // The CLI takes << for the same in quotes.
      const isMerge = isScalar(key) && key.source === "<<";
      if (isMerge && (key.type !== "PLAIN" || !canMerge(document, value)))
        add(
          key,
          "<< adds the keys of an object; expected it without quotes, and the alias of an object, or a list of them, behind it",
        );
    },
  });
  return found;
}

/** Lists what is wrong with a YAML document, each with its place, in words that repeat nothing of the file. */
export function yamlFaults(document: Document.Parsed, lines: LineCounter, file: string): string[] {
  const parsed = [...document.errors, ...document.warnings].map(({ code, pos: [offset] }) => ({
    offset,
    message: words[code] ?? otherwise,
  }));
  const all = parsed.length > 0 ? parsed : inNodes(document);
  const told = all.map(
    ({ offset, message }) => `${file}:${lines.linePos(offset).line}: is no YAML: ${message}`,
  );
  return [...new Set(told)];
}
