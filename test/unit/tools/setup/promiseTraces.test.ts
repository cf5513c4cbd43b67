import assert from "node:assert/strict";
import { test } from "node:test";
import debuggable from "@pulumi/pulumi/runtime/debuggable.js";
import "../../../../platforms/promiseTraces.ts";

type Wrap = <Value>(promise: Promise<Value>, context: string) => Promise<Value>;

test("Pulumi's promises have no stack traces; errors do", async () => {
  const wrap: Wrap = Reflect.get(debuggable, "debuggablePromise");
  const promise = Promise.resolve(7);
  assert.equal(await wrap(promise, "test"), 7);
  assert.equal(Reflect.get(promise, "_debugStackTrace"), "Error");
  await assert.rejects(wrap(Promise.reject(new Error("broken")), "test"), /broken/);
  assert.match(new Error("any").stack ?? "", /promiseTraces\.test\.ts/);
});
