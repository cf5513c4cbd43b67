import assert from "node:assert/strict";
import { test } from "node:test";
import { execArgs } from "../../../tools/lib/dags/place.ts";
import { linesOf } from "../../../tools/lib/taskLog.ts";

test("a log is lines, in the form of either version of the API", () => {
  assert.deepEqual(linesOf({ content: "[('worker-1', 'one\\ntwo')]" }), ["[('worker-1', 'one", "two')]"]);
  const content = [
    "one",
    { event: "two" },
    { event: "three", error_detail: [{ exc_type: "ValueError" }] },
    {},
  ];
  assert.deepEqual(linesOf({ content }), ["one", "two", 'three [{"exc_type":"ValueError"}]', ""]);
});

test("a command runs in a container or a pod", () => {
  const container = { name: "airflow-dev-worker-1", machine: undefined, exec: ["docker", "exec"] } as const;
  assert.deepEqual(execArgs(container, ["--interactive"], ["bash"]), [
    "exec",
    "--interactive",
    "airflow-dev-worker-1",
    "bash",
  ]);
  const pod = {
    name: "worker-1",
    machine: undefined,
    exec: ["kubectl", "--namespace", "a", "exec"],
  } as const;
  assert.deepEqual(execArgs(pod, ["--stdin"], ["bash"]), [
    "--namespace",
    "a",
    "exec",
    "--stdin",
    "worker-1",
    "--",
    "bash",
  ]);
});
