import { test } from "node:test";
import { run } from "../../../../../tools/lib/process.ts";

test("an address that sends wrong passwords for tokens is refused for a while, and no other", async () => {
  await run("python3", ["test/unit/components/roles/admission/attempts.py"]);
});

test("the webserver bounds concurrent requests, serves heartbeats first, and answers 503 after a long wait", async () => {
  await run("python3", ["test/unit/components/roles/admission/admission.py"]);
});
