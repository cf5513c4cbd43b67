import { commandLine } from "../../tools/lib/commandLine/commandLine.ts";
import { main, run } from "../../tools/lib/process.ts";

/** Programs of npm scripts that take no arguments. */
const programs = {
  "lab:up": ["test/lab/up.sh"],
  "lab:down": ["test/lab/down.sh"],
  "machines:up": ["test/lab/machines/up.sh"],
  "machines:down": ["test/lab/machines/down.sh"],
  "lab:check": ["node", "--test", "test/lab/check/check.test.ts"],
} as const;

// Runs a program of the lab once its command line was checked: test/runner/lab.ts lab:up
await main(async () => {
  const [name] = process.argv.splice(2, 1);
  const known = Object.keys(programs).find((one) => one === name) as keyof typeof programs | undefined;
  if (known === undefined)
    throw new Error(`${name} is no script; expected ${Object.keys(programs).join(", ")}.`);
  commandLine(known);
  const [command, ...args] = programs[known];
  await run(command, args, { show: true });
});
