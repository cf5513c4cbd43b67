import { isDeepStrictEqual } from "node:util";
import type { Shape } from "../../../settings/schema/shape.ts";
import { shownDefault } from "./jsonSchema.ts";

type Row = readonly string[];

/** Renders a table of Markdown. */
export function markdownTable(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Describes the values that a shape allows, in a few words. */
function allowed(shape: Shape): string {
  const { type, enum: values, minimum, maximum, items, secret, anyOf, properties } = shape;
  if (secret) return "secret";
  if (anyOf) {
    const options = [...new Set(anyOf.map(allowed))];
    // Readers need not know what YAML takes for a number.
    return (options[0] === "text" && !anyOf.some(({ type }) => type === "object") ? ["text"] : options).join(
      ", or ",
    );
  }
  if (Array.isArray(values)) return values.map((value) => code(String(value))).join(", ");
  const range = minimum === undefined ? "" : ` from ${minimum} to ${maximum}`;
  if (type === "integer") return `whole number${range}`;
  if (type === "number") return `number${range}`;
  if (type === "boolean") return `${code("true")}, ${code("false")}`;
  if (type === "array") return `list of ${items?.properties ? "objects" : items ? allowed(items) : "values"}`;
  if (type === "object") return properties ? "object" : "values by name";
  if (Array.isArray(type)) return [...new Set(type.map((one) => allowed({ type: one })))].join(", or ");
  return type === "string" ? "text" : "any value";
}

/** Drops the description, in which otherwise equal properties differ. */
function skeleton({ description, ...rest }: Shape): Shape {
  return rest;
}

interface Key {
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
}

/** Lists the keys inside a value: of an object, of a list's items, or of values by name. */
function keysInside(shape: Shape, name: string): Key[] {
  if (shape.secret || shape.anyOf) return [];
  if (shape.items) return keysInside(shape.items, `${name}[]`);
  if (typeof shape.additionalProperties === "object")
    return keysInside(shape.additionalProperties, `${name}.*`);
  const entries = Object.entries(shape.properties ?? {});
  const keyOf = ([key, inner]: [string, Shape]): Key => ({
    name: `${name}.${key}`,
    shape: inner,
    required: shape.required?.includes(key) ?? false,
  });
  const [first] = entries;
  const alike =
    entries.length > 1 &&
    first?.[1].properties !== undefined &&
    entries.every(([, inner]) => isDeepStrictEqual(skeleton(inner), skeleton(first[1])));
  if (alike) return [...entries.map(keyOf), ...keysInside(first[1], `${name}.*`)];
  return entries.flatMap((entry) => [keyOf(entry), ...keysInside(entry[1], `${name}.${entry[0]}`)]);
}

/** Renders the section with the table of all keys of a stack. */
export function keysTable({ properties = {} }: Shape, prefix: string): string {
  const rows = Object.entries(properties).map(([key, shape]) => {
    const more = keysInside(shape, key).length > 0 ? ` [Its keys](#${key.toLowerCase()}).` : "";
    const value = shownDefault(shape);
    const standard = value === undefined ? "" : code(value);
    return [code(`${prefix}${key}`), allowed(shape), standard, `${shape.description}${more}`];
  });
  return `## All keys\n\n${markdownTable(["key", "value", "default", "meaning"], rows)}`;
}

/** Renders the section with a table for each key whose value has keys itself. */
export function nestedTables({ properties = {} }: Shape): string {
  const sections = Object.entries(properties).flatMap(([key, shape]) => {
    const rows = keysInside(shape, "").map(({ name, shape: inner, required }) => {
      const value = shownDefault(inner);
      const standard = value === undefined ? (required ? "required" : "") : code(value);
      return [code(name), allowed(inner), standard, inner.description ?? ""];
    });
    if (rows.length === 0) return [];
    return [
      `### ${key}\n\n${shape.description}\n\n${markdownTable(["key", "value", "default", "meaning"], rows)}`,
    ];
  });
  return `## Keys inside of keys\n\n${sections.join("\n\n")}`;
}

/**
 * Replaces the text between the two marks of a page.
 * @throws Error if the page has no such marks
 */
export function between(page: string, text: string): string {
  const marks = /(<!-- keys, by npm run generate -->\n).*(<!-- end of keys -->)/s;
  if (!marks.test(page))
    throw new Error("A page lacks <!-- keys, by npm run generate --> or <!-- end of keys -->");
  return page.replace(marks, (_, begin, end) => `${begin}\n${text}\n\n${end}`);
}
