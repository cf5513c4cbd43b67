import assert from "node:assert/strict";
import { test } from "node:test";
import { mostOfEnvironment, ownShare, sumOf } from "../../../../settings/model/sizes.ts";
import { allOf, declared, type Plain, podsOf } from "./objects.ts";

function bytes(texts: Plain): number {
  return sumOf(Object.values(texts).map((text) => Buffer.byteLength(String(text))));
}

test("the stack's own files, secrets and variables of a role leave the user's share free", async () => {
  const objects = await declared({ canary: { every: "5m" }, variables: { a: 1 } });
  const kept = [
    ...[...allOf(objects, "ConfigMap").values()].map(({ data }) => bytes(data as Plain)),
    ...[...allOf(objects, "Secret").values()].map(({ stringData }) => bytes(stringData as Plain)),
  ];
  assert.ok(kept.length > 10, `${kept.length}`);
  assert.ok(Math.max(...kept) < ownShare, `${Math.max(...kept)}`);
  const variables = podsOf(objects).flatMap(([, , { containers }]) =>
    (containers as { env?: { name: string; value?: string }[] }[]).map(({ env = [] }) =>
      sumOf(env.map(({ name, value = "" }) => name.length + value.length + 2)),
    ),
  );
  assert.ok(Math.max(...variables) < ownShare && ownShare < mostOfEnvironment, `${Math.max(...variables)}`);
});
