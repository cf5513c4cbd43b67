import { type Command, type CommandName, commands, type Flag } from "./commands.ts";

/** Returns a flag as people type it: `--stack NAME`. */
export function flagSyntax(name: string, { value }: Flag): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

/** Returns the beginning of a command as people type it; npm itself takes all flags before `--`. */
export function begun(name: CommandName): string {
  return name === "test" ? "npm test --" : `npm run ${name} --`;
}

/** Renders the help of a command. */
export function help(name: CommandName): string {
  const { does, words, flags }: Command = commands[name];
  const all = Object.entries(flags).map(([flag, about]) => [flagSyntax(flag, about), about.does] as const);
  const lines = [...all, ["--help", "Shows this."] as const];
  const width = Math.max(...lines.map(([flag]) => flag.length));
  const usage = [begun(name), ...(words ? [words[0]] : []), ...all.map(([flag]) => `[${flag}]`)];
  return [
    does,
    "",
    `usage: ${usage.join(" ")}`,
    "",
    ...lines.map(([flag, text]) => `  ${flag.padEnd(width)}   ${text}`),
  ].join("\n");
}
