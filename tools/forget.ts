import { commandLine } from "./lib/commandLine/commandLine.ts";
import { print } from "./lib/commandLine/terminal.ts";
import { describeUrn, forget } from "./lib/forget.ts";
import { main } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";

await main(async () => {
  const { flags, words } = commandLine("forget");
  const [machine = ""] = words;
  const stack = new Stack(flags.stack);
  if (stack.deployed().machines?.some(({ name }) => name === machine)) {
    throw new Error(`${stack.file} still lists ${machine}. Remove it there, then run this again.`);
  }
  const forgotten = await forget(stack, machine);
  print(`Forgot ${machine}, and what was on it:\n  ${forgotten.map(describeUrn).join("\n  ")}`);
  print(`Now bring the others up to date: npm run up -- --stack ${stack.name}
Should ${machine} ever come back, its containers do, too: remove those whose name begins with ${stack.prefix}-.
If somebody else may have it, raise airflow:certificateGeneration: until then the others trust its certificate.`);
});
