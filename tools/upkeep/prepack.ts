import { join } from "node:path";
import { commandLine } from "../lib/commandLine/commandLine.ts";
import { compile } from "../lib/compile.ts";
import { main, project } from "../lib/process.ts";

await main(async () => {
  commandLine("prepack");
  await compile(join(project, "dist"));
});
