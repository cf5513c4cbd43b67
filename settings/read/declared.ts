import { type Shape, stackShape } from "../schema/shape.ts";

/** A key of a stack as declared in Pulumi.yaml. */
interface Declared {
  readonly type: "string" | "integer" | "boolean" | "array" | "object";
  readonly items?: { readonly type: string };
  /** Value that Pulumi fills in for an absent key: the schema's default, or else a value that no stack gives. */
  readonly default: unknown;
  readonly description: string;
}

/** Values of keys without a default. An empty object is a value: `monitoring: {}` turns it on. */
const emptyValues = { string: "", integer: 0, boolean: false, array: [], object: { given: false } };

/** Maps a type of JSON Schema to Pulumi's; fractions become strings, since Pulumi has only integers. */
function typeOf({ type }: Shape): Declared["type"] {
  const known = Object.keys(emptyValues) as Declared["type"][];
  return known.find((name) => name === type) ?? "string";
}

function declare(shape: Shape): Declared {
  const type = typeOf(shape);
  const value = shape.default ?? emptyValues[type];
  return {
    type,
    ...(type === "array" && {
      items: { type: shape.items?.type === undefined ? "string" : typeOf(shape.items) },
    }),
    default: type === "string" ? String(value) : value,
    description: shape.description ?? "",
  };
}

/** Returns the declarations of all keys of a stack, by key without the project's prefix. */
export function declared(): Readonly<Record<string, Declared>> {
  const entries = Object.entries(stackShape().properties ?? {});
  return Object.fromEntries(entries.map(([key, shape]) => [key, declare(shape)]));
}
