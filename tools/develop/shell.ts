import { commandLine } from "../lib/commandLine/commandLine.ts";
import { environmentOf, execArgs, placeOf } from "../lib/dags/place.ts";
import { attach, main } from "../lib/process.ts";
import { Stack } from "../lib/stack.ts";

await main(async () => {
  const { flags, words } = commandLine("shell");
  const [role = "", ...command] = words;
  const stack = new Stack(flags.stack ?? "dev");
  const place = await placeOf(stack, stack.deployed(), role);
  if (!place) {
    const known = "such as scheduler, webserver, worker or worker-2";
    throw new Error(
      `Stack ${stack.name} has no running ${role}; expected the name of a role or an instance, ${known}.`,
    );
  }
  const terminal = process.stdin.isTTY ? ["--interactive", "--tty"] : ["--interactive"];
  const args = execArgs(place, terminal, command.length > 0 ? command : ["bash"]);
  // Ctrl-C is for the program in the shell.
  process.on("SIGINT", () => {});
  process.exitCode = await attach(place.exec[0], args, { env: environmentOf(place) });
});
