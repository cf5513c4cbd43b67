import { commandLine } from "../lib/commandLine/commandLine.ts";
import { main, run } from "../lib/process.ts";

await main(async () => {
  commandLine("check");
  console.log("Types");
  await run("tsc", [], { show: true });
  console.log("Lint and format");
  await run("biome", ["ci", "--error-on-warnings", "."], { show: true });
});
