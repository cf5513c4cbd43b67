import { asksForHelp, showHelp } from "./lib/commandLine/commandLine.ts";
import { forwarded } from "./lib/commandLine/forwarded.ts";
import { main } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";

/** Commands whose output is for people; the output of others, such as an exported state, must stay unchanged. */
const shown = ["up", "preview", "destroy", "refresh", "watch", "cancel"];

/** Leaves the terminal to a command that may ask, and to data. */
function showOf([command = "", ...args]: readonly string[]): true | "terminal" {
  const isMasked = shown.includes(command) && !args.includes("--show-secrets") && !args.includes("--json");
  return isMasked && !process.stdout.isTTY ? true : "terminal";
}

// Runs the CLI on a local stack, PULUMI_STACK or dev: npm run pulumi -- preview
await main(async () => {
  const given = process.argv.slice(2);
  // Below a command, help is the CLI's: npm run pulumi -- up --help
  if (asksForHelp(given.slice(0, 1))) showHelp("pulumi");
  const { stack, args } = forwarded(given, process.env);
  await new Stack(stack ?? (process.env.PULUMI_STACK || "dev")).pulumi(args, showOf(args));
});
