import { z } from "zod";
import type { Path } from "./path.ts";
import { schema } from "./schema.ts";

/** What is read of a JSON Schema, and two marks that only this project knows. */
export interface Shape {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  /** A value that nobody may read, and that a stack file has encrypted. */
  readonly secret?: true;
  /** What is inside may be nobody's business. */
  readonly discreet?: true;
  readonly [keyword: string]: unknown;
}

function defaultOf(type: z.core.$ZodType): unknown {
  const { def } = type._zod;
  return "defaultValue" in def ? def.defaultValue : undefined;
}

/** The JSON Schema of what may be given, with the defaults also of what is transformed. */
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

/** That of a stack, by key without the project's prefix. */
export function stackShape(): Shape {
  known ??= shapeOf(schema);
  return known;
}

/** A shape and each of its alternatives, but of a secret only itself. */
function alternatives(shape: Shape): Shape[] {
  return shape.anyOf && !shape.secret ? [shape, ...shape.anyOf.flatMap(alternatives)] : [shape];
}

function inside(shape: Shape, part: PropertyKey): Shape[] {
  const own = Object.hasOwn(shape.properties ?? {}, part) ? shape.properties?.[String(part)] : undefined;
  const other = typeof shape.additionalProperties === "object" ? shape.additionalProperties : undefined;
  const inner = typeof part === "number" ? shape.items : (own ?? other);
  const options = shape.secret ? (shape.anyOf ?? []).flatMap((option) => inside(option, part)) : [];
  return inner ? [...alternatives(inner), ...options] : options;
}

/** The shapes that the value at a path may have. */
export function shapesAt(shape: Shape, path: Path): Shape[] {
  return path.reduce<Shape[]>(
    (shapes, part) => shapes.flatMap((one) => inside(one, part)),
    alternatives(shape),
  );
}

/** Whether a secret may be there. */
export function isSecretAt(shape: Shape, path: Path): boolean {
  return shapesAt(shape, path).some(({ secret }) => secret);
}

/** Where secrets may be, with NAME for any name. */
export function secretPlaces(shape: Shape, path: Path = []): Path[] {
  if (shape.secret) return [path];
  const named = Object.entries(shape.properties ?? {});
  const others =
    typeof shape.additionalProperties === "object" ? [["NAME", shape.additionalProperties] as const] : [];
  return [
    ...[...named, ...others].flatMap(([key, inner]) => secretPlaces(inner, [...path, key])),
    ...(shape.anyOf ?? []).flatMap((option) => secretPlaces(option, path)),
  ];
}

/** Whether a text may be there that is no secret. */
export function takesTextAt(shape: Shape, path: Path): boolean {
  return shapesAt(shape, path).some(
    ({ secret, anyOf, type }) =>
      !secret && !anyOf && (type === undefined || [type].flat().includes("string")),
  );
}

/** Whether a value, or something around it, may be nobody's business. */
export function isDiscreetAt(shape: Shape, path: Path): boolean {
  return path.some((_, at) => shapesAt(shape, path.slice(0, at + 1)).some(({ discreet }) => discreet));
}
