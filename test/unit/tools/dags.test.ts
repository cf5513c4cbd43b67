import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf } from "../../../tools/lib/taskLog.ts";

test("a task's log is split into lines, in the format of either API version", () => {
  assert.deepEqual(linesOf({ content: "[('worker-1', 'one\\ntwo')]" }), ["[('worker-1', 'one", "two')]"]);
  const content = [
    "one",
    { event: "two" },
    { event: "three", error_detail: [{ exc_type: "ValueError" }] },
    {},
  ];
  assert.deepEqual(linesOf({ content }), ["one", "two", 'three [{"exc_type":"ValueError"}]', ""]);
});
