import { commandLine } from "../lib/commandLine/commandLine.ts";
import { print } from "../lib/commandLine/terminal.ts";
import { main, run } from "../lib/process.ts";

await main(async () => {
  commandLine("check");
  print("Types");
  await run("tsc", [], { show: true });
  print("Lint and format");
  await run("biome", ["ci", "--error-on-warnings", "."], { show: true });
});
