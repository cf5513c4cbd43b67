import { besideConfig, followed, prefix } from "../../../settings/read/unknownNames.ts";
import type { Shape } from "../../../settings/schema/shape.ts";

type Json = Readonly<Record<string, unknown>>;

/** Kind of file, which decides how a secret may be written. */
type FileKind = "stack file" | "plain file";

const draft = "http://json-schema.org/draft-07/schema#";

/** Text that the CLI has encrypted. */
const secure = {
  type: "object",
  description: "Encrypted by `npm run secret`.",
  properties: { secure: { type: "string", description: "What the stack's key encrypted." } },
  required: ["secure"],
  additionalProperties: false,
};

/** Rejects an object that the CLI would decrypt in a place that does not stay secret. */
const notSecure = {
  not: { type: "object", required: ["secure"], maxProperties: 1, properties: { secure: { type: "string" } } },
};

/** Any value without encrypted parts. */
const plain = {
  anyOf: [
    { type: ["string", "number", "boolean", "null"] },
    { type: "array", items: { $ref: "#/definitions/plain" } },
    { type: "object", ...notSecure, additionalProperties: { $ref: "#/definitions/plain" } },
  ],
};

/** Formats a value as one line of YAML. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${inline(inner)}`);
  return entries.length > 0 ? `{ ${entries.join(", ")} }` : "{}";
}

/** Formats a default as one line of YAML; undefined if it is empty. */
export function shownDefault({ default: value }: Shape): string | undefined {
  const text = inline(value ?? "");
  return ["", "{}", "[]"].includes(text) ? undefined : text;
}

function described(shape: Shape): Json {
  const { description } = shape;
  const value = shownDefault(shape);
  if (description === undefined) return {};
  return { description: value === undefined ? description : `${description} Default: ${value}.` };
}

/** Renders a shape as JSON Schema, for editors. */
function emit(shape: Shape, source: FileKind): Json {
  const {
    secret,
    discreet,
    description,
    properties,
    additionalProperties,
    items,
    anyOf,
    propertyNames,
    ...rest
  } = shape;
  if (Object.keys(shape).length === 0) return { $ref: "#/definitions/plain" };
  // A secret field beside others that are not secret: a stack file has it encrypted.
  if (secret && shape.type === "string") return secure;
  const options = secret ? (anyOf ?? []).filter(({ type }) => type !== "string") : anyOf;
  const encrypted = secret && source === "stack file" ? [secure] : [];
  const named = Object.entries(properties ?? {}).map(([key, inner]) => [key, emit(inner, source)]);
  const others = typeof additionalProperties === "object" ? additionalProperties : undefined;
  const names = Object.keys((propertyNames as Json | undefined) ?? {}).some((key) => key !== "type");
  return {
    ...described(shape),
    ...rest,
    ...(names && { propertyNames }),
    ...(properties && { properties: Object.fromEntries(named) }),
    ...(additionalProperties === false && { additionalProperties }),
    ...(others && { ...(source === "stack file" && notSecure), additionalProperties: emit(others, source) }),
    ...(items && { items: emit(items, source) }),
    ...(options && { anyOf: [...encrypted, ...options.map((option) => emit(option, source))] }),
  };
}

/** Patterns for quoted values, since `pulumi config set` quotes numbers and booleans. */
const quotedPatterns: Readonly<Record<string, string>> = {
  integer: "^-?\\d{1,15}$",
  number: "^-?\\d{1,15}(\\.\\d+)?$",
  boolean: "^(true|false)$",
};

function outermost(shape: Shape): Json {
  const pattern = quotedPatterns[String(shape.type)];
  if (pattern === undefined) return emit(shape, "stack file");
  const { description, ...rest } = emit(shape, "stack file");
  return { description, default: shape.default, anyOf: [rest, { type: "string", pattern }] };
}

function titled(title: string, schema: Json): Json {
  return { $schema: draft, title, ...schema, definitions: { plain } };
}

/** Renders the JSON Schema of a whole stack file. */
export function stackFileSchema({ properties = {} }: Shape): Json {
  const keys = Object.entries(properties).map(([key, shape]) => [`${prefix}${key}`, outermost(shape)]);
  const beside = besideConfig.map((name) => [name, { description: "The CLI's own." }]);
  const others = followed.map((key) => [key, { description: "The CLI's own." }]);
  const config = {
    description: "What the stack says; what it leaves out has its default.",
    type: ["object", "null"],
    properties: Object.fromEntries([...keys, ...others]),
    additionalProperties: false,
  };
  return titled("A stack of Airflow on Celery", {
    type: ["object", "null"],
    properties: { config, ...Object.fromEntries(beside) },
    additionalProperties: false,
  });
}

/** Renders the JSON Schema of a file with declarations, which has no encrypted values. */
export function declarationsSchema(shape: Shape): Json {
  return titled("Connections, variables, pools and users of Airflow", emit(shape, "plain file"));
}
