import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { nearest } from "./faults/nearest.ts";
import type { Path, Where } from "./path.ts";
import { encrypted } from "./secret.ts";

/** What stands beside `config` in a stack file; all of it is the CLI's own. */
export const besideConfig = ["environment", "secretsprovider", "encryptedkey", "encryptionsalt"] as const;

/** Names the project, in front of its keys. */
export const prefix = "airflow:";

export interface StackFile {
  /** By key without the project's prefix; `encrypted` stands for what is. */
  readonly values: Readonly<Record<string, unknown>>;
  /** What is encrypted in the file. */
  readonly encrypted: readonly Path[];
  /** Faults of names beside the values, with their places. */
  readonly strangers: readonly string[];
  readonly where: Where;
}

/** Where a value is in a file: as deep as the path goes in it. */
export function offsetOf(document: Document.Parsed, path: Path): number | undefined {
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

/** As the CLI tells one: an object with that single key. */
function isSecure(value: object): boolean {
  return "secure" in value && typeof value.secure === "string" && Object.keys(value).length === 1;
}

function withoutCiphers(value: unknown, path: Path, found: Path[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isSecure(value)) {
    found.push(path);
    return encrypted;
  }
  if (Array.isArray(value)) return value.map((item, at) => withoutCiphers(item, [...path, at], found));
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, withoutCiphers(inner, [...path, key], found)]),
  );
}

/** Names that a stack file has not, beside and in `config`, and what is wrong with them. */
function strangersIn(content: Readonly<Record<string, unknown>>): { path: Path; message: string }[] {
  const names = ["config", ...besideConfig];
  const { config } = content;
  const beside = Object.keys(content).filter((name) => !names.includes(name));
  const inside = Object.keys(config ?? {}).filter((key) => !key.includes(":"));
  return [
    ...beside.map((name) => {
      const meant = nearest(name, names);
      const hint = meant === undefined ? "" : `did you mean ${meant}? `;
      return { path: [name], message: `${name} is unknown; ${hint}allowed are ${names.join(", ")}` };
    }),
    ...inside.map((key) => ({
      path: ["config", key],
      message: `${key} is without the name of the project; allowed is ${prefix}${key}`,
    })),
  ];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads the text of a stack file.
 * @param file its name, for faults
 * @throws Error where it is no YAML or no stack file at all, with file and line
 */
export function parseStackFile(text: string, file: string): StackFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset = 0) => `${file}:${lines.linePos(offset).line}`;
  const broken = document.errors.map(({ message, pos }) => `${place(pos[0])}: is no YAML: ${message}`);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  const content: unknown = document.toJS() ?? {};
  const { config = {} } = isObject(content) ? content : { config: undefined };
  const values = config ?? {};
  if (!isObject(content) || !isObject(values)) {
    const at = place(offsetOf(document, isObject(content) ? ["config"] : []));
    throw new Error(
      `${at}: is no stack file; allowed is config: and below it keys, ${prefix}KEY, with their values`,
    );
  }
  const ciphers: Path[] = [];
  const own = Object.entries(values).filter(([key]) => key.startsWith(prefix));
  const read = own.map(([key, value]) => {
    const name = key.slice(prefix.length);
    return [name, withoutCiphers(value, [name], ciphers)];
  });
  return {
    values: Object.fromEntries(read),
    encrypted: ciphers,
    strangers: strangersIn({ ...content, config: values }).map(
      ({ path, message }) => `${place(offsetOf(document, path))}: ${message}`,
    ),
    where: ([key = "", ...rest]) => place(offsetOf(document, ["config", `${prefix}${String(key)}`, ...rest])),
  };
}
