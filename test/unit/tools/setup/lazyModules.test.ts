import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { project, run } from "../../../../tools/lib/process.ts";

/** Prints which modules of a list are imported, whether source maps are read, and the text of a serialized function, which needs the compiler. */
const program = `
import { createRequire } from "node:module";
const require = createRequire("${join(project, "index.ts")}");
const pulumi = require("@pulumi/pulumi");
require("@pulumi/pulumi/cmd/run/tracing");
const names = ["typescript", "@npmcli/arborist", "@opentelemetry/sdk-trace-node"];
const paths = names.map((name) => require.resolve(name));
const imported = names.filter((_, at) => paths[at] in require.cache);
createRequire(require.resolve("@pulumi/pulumi/cmd/run/run.js"))("source-map-support/register");
const readsMaps = Object.keys(require.cache).some((path) => path.includes("source-map-support"));
const { text } = await pulumi.runtime.serializeFunction(() => 6 * 7);
console.log(imported.join(), readsMaps, /6 \\* 7/.test(text), names.filter((_, at) => paths[at] in require.cache).join());
`;

const print = (...flags: readonly string[]) =>
  run("node", [...flags, "--input-type=module", "--eval", program], {
    cwd: project,
    env: { NODE_OPTIONS: "" },
  });

test("modules of Pulumi that no program uses are imported only for a program that uses them", async () => {
  const all = "typescript,@npmcli/arborist,@opentelemetry/sdk-trace-node";
  assert.equal((await print()).trim(), `${all} true true ${all}`);
  assert.equal(
    (await print("--require", join(project, "tools/lib/setup/lazyModules.ts"))).trim(),
    "false true typescript",
  );
});

test("npm, which commands run with the same options, works", async () => {
  const options = `--require ${JSON.stringify(join(project, "tools/lib/setup/lazyModules.ts"))}`;
  assert.match(await run("npm", ["ls", "yaml"], { cwd: project, env: { NODE_OPTIONS: options } }), /yaml@/);
});
