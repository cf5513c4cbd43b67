import fc from "fast-check";
import { type Shape, stackShape } from "../../../settings/schema/shape.ts";

/** Configuration of a stack, by key without the project's prefix. */
export type Any = Readonly<Record<string, unknown>>;

/** Keys that count instances: large numbers would take long. */
const counts = /^(workers|min|max|default|schedulers|webservers|triggerers|workersOf.*)$/;

/** Few names, so that references often match. */
const few = fc.constantFrom("a", "b", "gpu", "default");
const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);

/** Any text of a pattern; for a pattern that looks ahead or behind, only plain words. */
function textOf(pattern: string): fc.Arbitrary<string> {
  const form = new RegExp(pattern, "u");
  return /\(\?[=!<]/.test(pattern) ? label.filter((word) => form.test(word)) : fc.stringMatching(form);
}

/** Values of keys that the schema does not fully describe. */
const texts: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  name: few,
  machine: few,
  labels: label,
  nodeLabels: label,
  controlLabels: label,
  version: fc.constantFrom("3.3.2"),
  dags: fc.constantFrom("dags", "test/bench/dags"),
  certificates: fc.constant("dags"),
  docker: fc.constantFrom("unix:///var/run/docker.sock", "ssh://airflow@10.0.0.11", "ssh://b"),
  requirements: fc.constant("images/develop/requirements.txt"),
  file: fc.constantFrom("test/unit/settings/bad/files/good", "package.json"),
  ca: fc.constant("package.json"),
  caCertificates: fc.constant("package.json"),
  files: fc.constant("package.json"),
};

function integer(
  { minimum = 0, maximum = 1000, default: standard }: Shape,
  key: string,
): fc.Arbitrary<unknown> {
  const least = Number(minimum);
  const most = Number(maximum);
  const few = fc.integer({ min: least, max: Math.min(most, Math.max(least, 0) + 3) });
  if (counts.test(key)) return few;
  const usual = typeof standard === "number" ? [fc.constant(standard)] : [];
  return fc.oneof(few, fc.integer({ min: least, max: Math.min(most, 65_535) }), ...usual);
}

function object(shape: Shape, key: string): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties, propertyNames } = shape;
  if (properties) {
    const fields = Object.entries(properties).map(([name, inner]) => [name, of(inner, name)] as const);
    const requiredKeys = required.filter((name) => Object.hasOwn(properties, name));
    return fc.record(Object.fromEntries(fields), { requiredKeys });
  }
  const { pattern = "" } = (propertyNames ?? {}) as Shape;
  const names = new RegExp(String(pattern), "u").test("a") ? few : textOf(String(pattern));
  const values = typeof additionalProperties === "object" ? of(additionalProperties, key) : fc.string();
  return fc.dictionary(names, values, { maxKeys: 2 });
}

/** Any value of a shape. Secrets come from files: plain ones are refused, and there is no cluster. */
function of(shape: Shape, key: string): fc.Arbitrary<unknown> {
  const { anyOf, type, pattern, format, secret } = shape;
  if (shape.enum) return fc.constantFrom(...(shape.enum as unknown[]));
  if ("const" in shape) return fc.constant(shape.const);
  if (anyOf) {
    const options = secret ? anyOf.filter(({ properties = {} }) => "file" in properties) : anyOf;
    return fc.oneof(...options.map((option) => of(option, key)));
  }
  if (type === "integer") return integer(shape, key);
  if (type === "number") return fc.constantFrom(0.1, 0.5, 1, 2);
  if (type === "boolean") return fc.boolean();
  if (type === "array")
    return fc.array(of(shape.items ?? {}, key), { minLength: Number(shape.minItems ?? 0), maxLength: 2 });
  if (type === "object") return object(shape, key);
  const known = texts[key];
  if (known) return known;
  if (format === "ipv4") return fc.ipV4();
  if (typeof pattern === "string") return textOf(pattern);
  return fc.stringMatching(/^[a-z][a-z0-9-]{0,15}$/);
}

/** Any stack of a platform that its schema allows; values may still contradict each other. */
export function stacks(platform: "docker" | "kubernetes"): fc.Arbitrary<Any> {
  const { properties = {} } = stackShape();
  const keys = Object.entries(properties).filter(([key]) => key !== "platform" && key !== "declarations");
  const fields = keys.map(([key, shape]) => [key, of(shape, key)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] }).map((given) => ({ ...given, platform }));
}
