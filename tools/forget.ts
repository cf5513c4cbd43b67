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
    throw new Error(`${stack.file} lists ${machine}; expected it removed there. Then run this again.`);
  }
  const forgotten = await forget(stack, machine);
  print(`Forgot ${machine} and its resources:\n  ${forgotten.map(describeUrn).join("\n  ")}`);
  print(`Next, update the other machines: npm run up -- --stack ${stack.name}
If ${machine} comes back, its containers start again: remove those whose names begin with ${stack.prefix}-.
If strangers may have it, raise airflow:certificateGeneration twice, with a deployment each: until then the other machines trust its certificate.`);
});
