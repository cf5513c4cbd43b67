import { test } from "node:test";
import { run } from "../../../../tools/lib/process.ts";

test("requests to the webserver: a bound, heartbeats first, 503 after a long wait", async () => {
  await run("python3", ["test/unit/components/roles/admission.py"]);
});
