import { setTimeout as pause } from "node:timers/promises";
import { commandLine } from "./lib/commandLine/commandLine.ts";
import { isRead, print } from "./lib/commandLine/terminal.ts";
import { main } from "./lib/process.ts";
import { Stack } from "./lib/stack.ts";
import { lookAt } from "./lib/status/look.ts";
import { pageOf, statusReport } from "./lib/status/report.ts";

/** Milliseconds between two looks. */
const every = 2000;

/** Clears the terminal. */
const clear = process.stdout.isTTY ? "\x1b[H\x1b[2J\x1b[3J" : "";

await main(async () => {
  const { flags } = commandLine("status");
  const { watch = false, json = false } = flags;
  const stack = new Stack(flags.stack);
  const show = async () => {
    const settings = stack.deployed();
    const look = await lookAt(stack, settings);
    const report = statusReport(stack.name, look, settings);
    if (json) print(JSON.stringify(report, null, watch ? undefined : 2));
    else print(`${watch ? clear : ""}${pageOf(look, report)}`);
    return report.fine;
  };
  if (!watch) {
    if (!(await show())) process.exitCode = 1;
    return;
  }
  while (isRead()) {
    await show().catch(({ message }: Error) => print(json ? JSON.stringify({ error: message }) : message));
    await pause(every);
  }
});
