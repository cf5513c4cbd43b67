import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project, run } from "../../../tools/lib/process.ts";
import type { TestStack } from "./harness.ts";

/** Clones the project into a temporary folder: the files that Git tracks or would add, without ignored ones. */
export async function cleanClone(): Promise<string> {
  const clone = mkdtempSync(join(tmpdir(), "airflow-clone-"));
  const files = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
  // Git lists a deleted file until the deletion is staged.
  const there = files
    .trim()
    .split("\n")
    .filter((file) => existsSync(join(project, file)));
  for (const file of there) cpSync(join(project, file), join(clone, file));
  return clone;
}

/** Clones the project for commands on the stack of a test. */
export async function cloneFor(stack: TestStack): Promise<string> {
  const clone = await cleanClone();
  mkdirSync(join(stack.folder, "state"), { recursive: true, mode: 0o700 });
  symlinkSync(join(stack.folder, "state"), join(clone, ".state"));
  symlinkSync(join(project, "node_modules"), join(clone, "node_modules"));
  symlinkSync(stack.stack.file, join(clone, `stacks/Pulumi.${stack.stack.name}.yaml`));
  return clone;
}
