import { type Command, type CommandName, commands } from "./commands.ts";
import { help } from "./help.ts";
import { type Parsed, parse } from "./parse.ts";
import { printPlain } from "./terminal.ts";

/** True if the arguments ask for help. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.some((word) => word === "--help" || word === "-h");
}

/** Prints a command's help, and ends the process. */
export function showHelp(name: CommandName): never {
  printPlain(help(name));
  process.exit();
}

/**
 * Reads the command line of the running npm script; `--help` prints its help and ends the process. A command that changes a stack
 * is no longer ended by a closed terminal.
 * @throws Error that shows the expected arguments
 */
export function commandLine<Name extends CommandName>(name: Name): Parsed<Name> {
  const args = process.argv.slice(2);
  if (asksForHelp(args)) showHelp(name);
  const { goesOn }: Command = commands[name];
  if (goesOn) process.on("SIGHUP", () => {});
  return parse(name, args, process.env);
}
