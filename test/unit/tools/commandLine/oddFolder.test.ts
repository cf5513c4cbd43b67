import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { project } from "../../../../tools/lib/process.ts";
import { cleanClone } from "../../../live/lib/clone.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const folder = temporaryFolder("odd");

/** Moves a clean clone to a folder below the test's own. */
async function cloneIn(name: string): Promise<string> {
  const clone = join(folder, name);
  renameSync(await cleanClone(), clone);
  symlinkSync(join(project, "node_modules"), join(clone, "node_modules"));
  return clone;
}

async function run(clone: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(clone, "tools/run"), args, { cwd: clone });
  return stdout;
}

const odd = `it's "50%41" $HOME \`x\` #1?x Ü & (a);b*`;

for (const [name, place] of [
  ["signs of shells and URLs", odd],
  ["250 letters", "long".repeat(62)],
  ["a link", "link"],
] as const) {
  test(`commands work in a folder of ${name}`, async () => {
    const clone = name === "a link" ? join(folder, place) : await cloneIn(place);
    if (name === "a link") symlinkSync(await cloneIn("linked"), clone);
    const out = join(clone, "rendered");
    const output = await run(clone, "tools/render.ts", "--stack", "staging", "--out", out);
    const written = readdirSync(out);
    assert.ok(written.includes("deployment-scheduler.yaml"));
    assert.ok(output.startsWith(`${written.length} objects are in ${out}`), output);
    const compose = join(clone, "test/unit/importer/inputs/compose.yaml");
    assert.match(await run(clone, "tools/import.ts", compose), /^Wrote stacks\/Pulumi\.imported\.yaml\./);
  });
}
