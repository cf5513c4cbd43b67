import { test } from "node:test";
import { run } from "../../../../tools/lib/process.ts";

test("the webserver bounds concurrent requests, serves heartbeats first, and answers 503 after a long wait", async () => {
  await run("python3", ["test/unit/components/roles/admission.py"]);
});
