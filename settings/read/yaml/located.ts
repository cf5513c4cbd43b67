import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { Path, Where } from "../../schema/path.ts";
import type { Shape } from "../../schema/shape.ts";
import { repeatedKeys, yamlFaults } from "./faults.ts";
import { Refused } from "./refused.ts";
import { keepWritten } from "./written.ts";

/** Contents of a YAML file, with the place of each value. */
export interface Located {
  readonly content: unknown;
  readonly at: Where;
  /** Rendered faults of keys that appear twice; the last value counts. */
  readonly repeated: readonly string[];
}

type Pair = YAMLMap["items"][number];

/** Pairs of each map by key, kept so that a large map is not searched again for each fault. */
const indices = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  const known = indices.get(map);
  const index =
    known ?? new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : "", pair]));
  if (known === undefined) indices.set(map, index);
  return index.get(key);
}

/** Returns the offset of a value in a file; if there is none at the path, that of the deepest parent. */
function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0];
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = pairOf(node, String(part));
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
 * Parses YAML, and keeps texts as they are written.
 * @param file name of the file, for the places of faults
 * @param shape expected shape of the content, which decides the values that are texts
 * @throws Refused with file and line if the text is not YAML, or is empty
 */
export function located(text: string, file: string, shape: Shape): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    // The parser would compare each key with all others, which takes long; `repeatedKeys` finds those that appear twice.
    uniqueKeys: false,
  });
  const broken = yamlFaults(document, lines, text, file);
  if (broken.length > 0) throw new Refused(broken);
  const place = (offset = 0) => `${file}:${lines.linePos(offset).line}`;
  if (document.contents === null) {
    throw new Refused([
      `${place()}: is empty; expected ${Object.keys(shape.properties ?? {})[0]}: and its values`,
    ]);
  }
  keepWritten(document.contents, [shape]);
  try {
    const at = (path: Path) => place(offsetOf(document, path));
    return { content: document.toJS(), at, repeated: repeatedKeys(document, lines, file) };
  } catch {
    // Aliases of aliases can stand for more values than fit into memory.
    throw new Refused([`${place()}: is not YAML: aliases stand for too many values; expected fewer`]);
  }
}
