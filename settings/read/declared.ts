import { type Shape, stackShape } from "../schema/shape.ts";

/** A key of a stack as declared in Pulumi.yaml. */
export interface Declared {
  readonly type: "string" | "integer" | "boolean" | "array" | "object";
  readonly items?: { readonly type: string };
  /** Value that the program gets if a stack does not give one; one that no stack gives if the schema has no default. */
  readonly default: unknown;
  readonly description: string;
}

/** Values of keys without a default. An empty object is a value: `monitoring: {}` turns it on. */
const nothing = { string: "", integer: 0, boolean: false, array: [], object: { given: false } };

/** Maps a type of JSON Schema to Pulumi's; fractions become strings, since Pulumi has no such type. */
function typeOf({ type }: Shape): Declared["type"] {
  const known = Object.keys(nothing) as Declared["type"][];
  return known.find((name) => name === type) ?? "string";
}

function declare(shape: Shape): Declared {
  const type = typeOf(shape);
  const value = shape.default ?? nothing[type];
  return {
    type,
    ...(type === "array" && {
      items: { type: shape.items?.type === undefined ? "string" : typeOf(shape.items) },
    }),
    default: type === "string" ? String(value) : value,
    description: shape.description ?? "",
  };
}

/** Lists all keys of a stack, without the project's prefix. */
export function declared(): Readonly<Record<string, Declared>> {
  const entries = Object.entries(stackShape().properties ?? {});
  return Object.fromEntries(entries.map(([key, shape]) => [key, declare(shape)]));
}
