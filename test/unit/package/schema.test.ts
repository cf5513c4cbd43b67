import assert from "node:assert/strict";
import { test } from "node:test";
import { packageSchema } from "../../../package/provider/schema.ts";
import { stackShape } from "../../../settings/schema/shape.ts";

interface ObjectType {
  readonly properties: Readonly<Record<string, { readonly secret?: boolean }>>;
  readonly required: readonly string[];
}

const { types, resources } = packageSchema("1.2.3") as {
  readonly types: Readonly<Record<string, ObjectType>>;
  readonly resources: Readonly<Record<string, { readonly inputProperties: ObjectType["properties"] }>>;
};
const inputs = resources["airflow:index:AirflowStack"]?.inputProperties ?? {};

test("the package's schema has every key of a stack", () => {
  assert.deepEqual(Object.keys(inputs), Object.keys(stackShape().properties ?? {}));
});

test("every type that the package's schema refers to is in it, with the keys that it requires", () => {
  const refs = [...JSON.stringify({ types, resources }).matchAll(/"#\/types\/([^"]+)"/g)].map(
    ([, token]) => token,
  );
  assert.deepEqual([...new Set(refs)].sort(), Object.keys(types).sort());
  for (const { properties, required } of Object.values(types))
    assert.deepEqual(
      required.filter((key) => !Object.hasOwn(properties, key)),
      [],
    );
});

test("keys with secrets are marked as secret in the package's schema", () => {
  const { properties = {} } = types["airflow:index:Secrets"] ?? {};
  assert.ok(properties.adminPassword?.secret);
  const { name } = types["airflow:index:WorkerGroups"]?.properties ?? {};
  assert.ok(name && !name.secret);
});
