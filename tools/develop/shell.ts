import { commandLine } from "../lib/commandLine/commandLine.ts";
import { attach, main } from "../lib/process.ts";
import { placeOf } from "../lib/reach/place.ts";
import { Stack } from "../lib/stack.ts";

await main(async () => {
  const { flags, words } = commandLine("shell");
  const [role = "", ...command] = words;
  const stack = new Stack(flags.stack);
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const { program, args, env } = await placeOf(stack, role, isTerminal);
  // Ctrl-C is for the program in the shell.
  process.on("SIGINT", () => {});
  process.exitCode = await attach(program, [...args, ...(command.length > 0 ? command : ["bash"])], {
    env,
    show: isTerminal ? "terminal" : true,
  });
});
