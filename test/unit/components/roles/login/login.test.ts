import { test } from "node:test";
import { run } from "../../../../../tools/lib/process.ts";

test("a login says why a provider's groups are missing", async () => {
  await run("python3", ["test/unit/components/roles/login/groups.py"]);
});
