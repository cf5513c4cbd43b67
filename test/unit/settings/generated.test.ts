import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { type Shape, stackShape } from "../../../settings/schema/shape.ts";
import { project } from "../../../tools/lib/process.ts";
import { generated, generatedFiles } from "../../../tools/upkeep/generate.ts";

for (const file of generatedFiles) {
  test(`${file} is up to date with its sources`, () => {
    const now = readFileSync(join(project, file), "utf8");
    assert.ok(generated(file, now) === now, `${file} is not what settings/ says: run npm run generate`);
  });
}

/** Paths of all keys without a description. */
function undescribed(shape: Shape, path = ""): string[] {
  const named = Object.entries(shape.properties ?? {}).flatMap(([key, inner]) => [
    ...(inner.description ? [] : [`${path}.${key}`]),
    ...undescribed(inner, `${path}.${key}`),
  ]);
  const others = typeof shape.additionalProperties === "object" ? [shape.additionalProperties] : [];
  const within = [...others, ...(shape.items ? [shape.items] : []), ...(shape.anyOf ?? [])];
  return [...named, ...within.flatMap((inner) => undescribed(inner, `${path}.*`))];
}

test("every key of the schema has a description", () => {
  assert.deepEqual(undescribed(stackShape()), []);
});

test("Pulumi.yaml declares every key with a type, a default and a description", () => {
  const { config } = parse(readFileSync(join(project, "Pulumi.yaml"), "utf8"));
  assert.deepEqual(
    Object.keys(config),
    Object.keys(stackShape().properties ?? {}).map((key) => `airflow:${key}`),
  );
  for (const declaration of Object.values<Record<string, unknown>>(config)) {
    const { items, ...rest } = declaration;
    assert.deepEqual(Object.keys(rest), ["type", "default", "description"]);
    assert.equal(items !== undefined, declaration.type === "array");
    assert.notEqual(declaration.description, "");
  }
});
