import { test } from "node:test";
import { run } from "../../../../../tools/lib/process.ts";

test("results of tasks are read as plain data, and run nothing", async () => {
  await run("python3", ["test/unit/components/roles/results/plain.py"]);
});
