import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { main } from "./lib/process.ts";
import { prove } from "./lib/proof/proof.ts";
import { overApi } from "./lib/reach/api.ts";
import { Stack } from "./lib/stack.ts";

await main(async () => {
  const { flags } = commandLine("prove");
  const stack = new Stack(flags.stack);
  const settings = stack.deployed();
  print(await overApi(stack, settings, (api) => prove(stack, settings, api)));
});
