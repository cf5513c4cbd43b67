import { test } from "node:test";
import { run } from "../../../../tools/lib/process.ts";

test("the webserver builds dependencies of its routes once, and validators when they are used", async () => {
  await run("python3", ["test/unit/components/roles/routes.py"]);
});
