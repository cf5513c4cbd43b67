import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Path, Where } from "../schema/path.ts";

/** What a file of YAML holds, and where. */
export interface Located {
  readonly content: unknown;
  readonly at: Where;
}

/** Where a value is in a file: as deep as the path goes in it. */
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
 * Reads YAML; an empty file is an empty object.
 * @param file its name, for places
 * @throws Error where it is none, with file and line
 */
export function located(text: string, file: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset = 0) => `${file}:${lines.linePos(offset).line}`;
  const broken = document.errors.map(({ message, pos }) => `${place(pos[0])}: is no YAML: ${message}`);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  return { content: document.toJS() ?? {}, at: (path) => place(offsetOf(document, path)) };
}
