import { test } from "node:test";
import { run } from "../../../../tools/lib/process.ts";

test("the scheduler's idle sleep ends when there is work, and it pauses while tasks wait for a worker", async () => {
  await run("python3", ["test/unit/components/roles/idle.py"]);
});
