import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Path, Where } from "../schema/path.ts";

/** Contents of a YAML file, with the place of each value. */
export interface Located {
  readonly content: unknown;
  readonly at: Where;
}

/** Finds the offset of a value in a file, or of its deepest parent that exists. */
function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0];
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value as Node | null | undefined;
    } else {
      node = isSeq(node) && typeof part === "number" ? (node.items[part] as Node | undefined) : undefined;
      offset = node?.range?.[0] ?? offset;
    }
  }
  return offset;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses YAML; an empty file is an empty object.
 * @param file name of the file, for places
 * @throws Error with file and line if the text is not YAML
 */
export function located(text: string, file: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset = 0) => `${file}:${lines.linePos(offset).line}`;
  const broken = document.errors.map(({ message, pos }) => `${place(pos[0])}: is no YAML: ${message}`);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  return { content: document.toJS() ?? {}, at: (path) => place(offsetOf(document, path)) };
}
