import { z } from "zod";
import type { Path } from "./path.ts";
import { schema } from "./schema.ts";

/** JSON Schema, as far as this project reads it, with two keywords of the project. */
export interface Shape {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  /** True for a value that must stay secret, so that a stack file has it encrypted. */
  readonly secret?: true;
  /** True if the contents may be sensitive, and so are not printed. */
  readonly discreet?: true;
  readonly [keyword: string]: unknown;
}

function defaultOf(type: z.core.$ZodType): unknown {
  const { def } = type._zod;
  return "defaultValue" in def ? def.defaultValue : undefined;
}

/** Returns the JSON Schema of a type's input, with the defaults of transformed values, which zod leaves out. */
export function shapeOf(type: z.ZodType): Shape {
  const json = z.toJSONSchema(type, {
    io: "input",
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      const value = defaultOf(zodSchema);
      if (value !== undefined && jsonSchema.default === undefined)
        jsonSchema.default = JSON.parse(JSON.stringify(value));
    },
  });
  return json as Shape;
}

let known: Shape | undefined;

/** Returns the shape of a stack, by key without the project's prefix. */
export function stackShape(): Shape {
  known ??= shapeOf(schema);
  return known;
}

/** Lists a shape and its alternatives; for a secret, only the shape itself. */
function alternatives(shape: Shape): Shape[] {
  return shape.anyOf && !shape.secret ? [shape, ...shape.anyOf.flatMap(alternatives)] : [shape];
}

function shapesOfPart(shape: Shape, part: PropertyKey): Shape[] {
  const property = Object.hasOwn(shape.properties ?? {}, part) ? shape.properties?.[String(part)] : undefined;
  const entry = typeof shape.additionalProperties === "object" ? shape.additionalProperties : undefined;
  const inner = typeof part === "number" ? shape.items : (property ?? entry);
  const options = shape.secret ? (shape.anyOf ?? []).flatMap((option) => shapesOfPart(option, part)) : [];
  return inner ? [...alternatives(inner), ...options] : options;
}

/** Lists the shapes that a part of a value may have, from the shapes of the value. */
export function shapesInside(shapes: readonly Shape[], part: PropertyKey): Shape[] {
  return shapes.flatMap((one) => shapesOfPart(one, part));
}

/** Lists the shapes that the value at a path may have. */
export function shapesAt(shape: Shape, path: Path): Shape[] {
  return path.reduce<Shape[]>(shapesInside, alternatives(shape));
}

/** True if the last part of a path is a key of the schema, not a name that the user chose. */
export function isKeyAt(shape: Shape, path: Path): boolean {
  return shapesAt(shape, path.slice(0, -1)).some(({ properties = {} }) =>
    Object.hasOwn(properties, path.at(-1) ?? ""),
  );
}

/** True if a shape accepts values of a JSON type; false if the shape names no type. A secret is a string. */
export function takesType({ secret, type }: Shape, wanted: string): boolean {
  return secret ? wanted === "string" : type !== undefined && [type].flat().includes(wanted);
}

/** True if the value at a path may be a secret. */
export function isSecretAt(shape: Shape, path: Path): boolean {
  return shapesAt(shape, path).some(({ secret }) => secret);
}

/** Lists the paths at which secrets may be, with NAME for the names of entries, and 0 for the items of a list. */
export function secretPaths(shape: Shape, path: Path = []): Path[] {
  if (shape.secret) return [path];
  const properties = Object.entries(shape.properties ?? {});
  const entries =
    typeof shape.additionalProperties === "object" ? [["NAME", shape.additionalProperties] as const] : [];
  return [
    ...[...properties, ...entries].flatMap(([key, inner]) => secretPaths(inner, [...path, key])),
    ...(shape.items ? secretPaths(shape.items, [...path, 0]) : []),
    ...(shape.anyOf ?? []).flatMap((option) => secretPaths(option, path)),
  ];
}

/** True if the value at a path may be a string that is not secret. */
export function takesTextAt(shape: Shape, path: Path): boolean {
  return shapesAt(shape, path).some(
    ({ secret, anyOf, type }) =>
      !secret && !anyOf && (type === undefined || [type].flat().includes("string")),
  );
}

/** True if a value, or a value around it, may be sensitive. */
export function isDiscreetAt(shape: Shape, path: Path): boolean {
  return path.some((_, at) => shapesAt(shape, path.slice(0, at + 1)).some(({ discreet }) => discreet));
}
