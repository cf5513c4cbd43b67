import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, run } from "../../tools/lib/process.ts";

/** Commands of npm scripts that take no arguments, by the script's name. */
const commands = {
  "lab:up": ["test/lab/up.sh"],
  "lab:down": ["test/lab/down.sh"],
  "machines:up": ["test/lab/machines/up.sh"],
  "machines:down": ["test/lab/machines/down.sh"],
  "lab:check": ["node", "--test", "test/lab/check/check.test.ts"],
} as const;

// Runs a script of the lab after checking its command line: test/runner/lab.ts lab:up
await main(async () => {
  const [name] = process.argv.splice(2, 1);
  const known = Object.keys(commands).find((one) => one === name) as keyof typeof commands | undefined;
  if (known === undefined)
    throw new Error(`${name} is no script of the lab; expected one of ${Object.keys(commands).join(", ")}.`);
  commandLine(known);
  const [command, ...args] = commands[known];
  await run(command, args, { show: true });
});
