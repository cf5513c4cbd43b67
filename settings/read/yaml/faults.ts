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
import { shownText } from "../../model/urls/mask.ts";

/** Messages by the parser's error code; the parser's own messages repeat parts of the file, which may be secret. */
const messages: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias has a tag or an anchor; expected the alias alone",
  BAD_ALIAS: "a value begins with * or &, which marks an alias or an anchor; expected quotes around it",
  BAD_DIRECTIVE: "a line begins with %, which marks a directive; expected none, or quotes around a value",
  BAD_DQ_ESCAPE: "a backslash in double quotes is unknown; expected \\\\ for a backslash, or single quotes",
  BAD_INDENT:
    "the indentation fits no line above; expected the keys of an object in one column, and ] or } after what [ or { opens",
  BAD_SCALAR_START: "a value begins with @, ` or %, which YAML reserves; expected quotes around it",
  BLOCK_AS_IMPLICIT_KEY:
    "a line has a second key; expected one KEY: VALUE on a line, and quotes around a value with ': '",
  BLOCK_IN_FLOW: "a line with - or KEY: is between brackets; expected [A, B] or { KEY: VALUE }",
  MISSING_CHAR:
    "a quote, bracket, comma or colon is missing; expected KEY: VALUE, and every quote and bracket closed",
  MULTILINE_IMPLICIT_KEY:
    "a key spans several lines; expected KEY: VALUE on one line, in the column of the keys beside it",
  MULTIPLE_ANCHORS: "a value has two anchors; expected one",
  MULTIPLE_DOCS: "a second document begins; expected one: remove --- and what follows it",
  MULTIPLE_TAGS: "a value has two tags; expected none",
  TAB_AS_INDENT: "a tab indents the line; expected spaces",
  TAG_RESOLVE_FAILED: "a value begins with !, which marks a tag; expected quotes around it",
  UNEXPECTED_TOKEN:
    "text follows the end of a value; expected one value, in quotes if it has characters that YAML reserves",
};
const otherwise = "expected lines of KEY: VALUE";
const noSpace = "no space follows the colon of a key; expected KEY: VALUE";

/** Codes of errors that a key without a space behind its colon causes, and the form of its line. */
const codesOfNoSpace = ["MULTILINE_IMPLICIT_KEY", "MISSING_CHAR", "UNEXPECTED_TOKEN"];
const lineOfNoSpace = /^\s*(airflow:\w+:\S|\w+:[^\s:](?!.*:\s))/;

interface Found {
  readonly offset: number;
  readonly message: string;
}

/** Tags that only repeat the type of a value; with other tags a value becomes one that no key takes. */
const plainTags = ["str", "int", "float", "bool", "null", "map", "seq"].map(
  (tag) => `tag:yaml.org,2002:${tag}`,
);

/** True if `<<` can merge a value: an object, or a list of objects. */
function canMerge(document: Document.Parsed, value: unknown): boolean {
  const node = isAlias(value) ? value.resolve(document) : value;
  return isSeq(node) ? node.items.every((item) => canMerge(document, item)) : isMap(node);
}

/** Explains what is wrong with a node by itself; undefined if nothing is. */
function nodeProblem({ tag }: Node, value: unknown): string | undefined {
  if (tag !== undefined && !plainTags.includes(tag)) return messages.TAG_RESOLVE_FAILED;
  if (typeof value !== "string" || (!value.includes("\0") && value.isWellFormed())) return undefined;
  return "a value has a NUL, or half of a character, which no database and no environment accepts; expected the value without it";
}

/** Explains what is wrong with an alias, given the nodes around it and the anchors above it; undefined if nothing is. */
function aliasProblem(source: string, around: readonly unknown[], anchors: ReadonlySet<string>) {
  if (!anchors.has(source))
    return "a value begins with *, which marks an alias, and no anchor above has this name; expected quotes around it";
  const isWithin = around.some((node) => isCollection(node) && node.anchor === source);
  return isWithin ? "an alias stands in its own anchor; expected a value that ends" : undefined;
}

/** Finds the faults of nodes, aliases and keys that the parser does not look for. */
function inNodes(document: Document.Parsed): Found[] {
  const found: Found[] = [];
  const anchors = new Set<string>();
  const add = (node: unknown, message: string | undefined) => {
    if (message !== undefined) found.push({ offset: (isNode(node) && node.range?.[0]) || 0, message });
  };
  visit(document, {
    Alias: (_, node, around) => add(node, aliasProblem(node.source, around, anchors)),
    Value(_, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      add(node, nodeProblem(node, isScalar(node) && node.value));
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

/** Lists the errors of the parser; a tab causes others, which say nothing of it. */
function inParser({ errors, warnings }: Document.Parsed, lines: LineCounter, text: string): Found[] {
  const all = [...errors, ...warnings];
  const tabs = all.filter(({ code }) => code === "TAB_AS_INDENT");
  const written = text.split("\n");
  return (tabs.length > 0 ? tabs : all).map(({ code, pos: [offset] }) => {
    const isNoSpace =
      codesOfNoSpace.includes(code) && lineOfNoSpace.test(written[lines.linePos(offset).line - 1] ?? "");
    return { offset, message: isNoSpace ? noSpace : (messages[code] ?? otherwise) };
  });
}

/** Lists the faults of a YAML document with their places, without repeating anything of the file. */
export function yamlFaults(
  document: Document.Parsed,
  lines: LineCounter,
  text: string,
  file: string,
): string[] {
  const parsed = inParser(document, lines, text);
  const all = (parsed.length > 0 ? parsed : inNodes(document)).toSorted(
    (one, other) => one.offset - other.offset,
  );
  const rendered = all.map(
    ({ offset, message }) => `${file}:${lines.linePos(offset).line}: is not YAML: ${message}`,
  );
  return [...new Set(rendered)];
}

/** Lists the faults of keys that appear twice in an object, which hide no other faults. */
export function repeatedKeys(document: Document.Parsed, lines: LineCounter, file: string): string[] {
  const found: string[] = [];
  visit(document, {
    Map(_, { items }) {
      const first = new Map<string, number>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const [name, { line }] = [String(key.source ?? key.value), lines.linePos(key.range?.[0] ?? 0)];
        const known = first.get(name);
        const where = `${file}:${line}: ${shownText(name)} appears twice`;
        if (known === undefined) first.set(name, line);
        else found.push(`${where}, first in line ${known}; expected each key once: remove one of them`);
      }
    },
  });
  return found;
}
