import { distance } from "fastest-levenshtein";
import { type Command, commands } from "./commands.ts";

/** A flag that npm kept for itself, and the flag that was meant. */
interface Swallowed {
  readonly flag: string;
  readonly meant: string;
}

const all = new Set(Object.values<Command>(commands).flatMap(({ flags }) => Object.keys(flags)));

/** Flags that are also settings of npm, which `npx --yes` and a user's `.npmrc` may set. */
const npmSettings = ["yes"];

/** True if one word is the other with one or two typing errors. */
function alike(one: string, other: string): boolean {
  return distance(one, other) <= (other.length < 5 ? 1 : 2);
}

/**
 * Finds a flag that stands before the `--` of an npm command, where npm takes it for a setting of its own: `npm run up
 * --stack=prod` sets only the variable `npm_config_stack`.
 */
export function swallowed(
  { flags }: Command,
  env: Readonly<Record<string, string | undefined>>,
  words: readonly string[],
): Swallowed | undefined {
  for (const [variable, value = ""] of Object.entries(env)) {
    const name = /^npm_config_(.+)$/.exec(variable)?.[1]?.replaceAll("_", "-");
    if (name === undefined || npmSettings.includes(name)) continue;
    const flagName = Object.keys(flags).find((flag) => flag === name || alike(name, flag));
    if (flagName === undefined && !all.has(name)) continue;
    const known = flagName ?? name;
    const placeholder = flags[known]?.value;
    // From `--stack prod` npm keeps the flag alone.
    const given = value === "true" || value === "" ? (words[0] ?? placeholder) : value;
    const flag = value === "true" || value === "" ? `--${name}` : `--${name}=${value}`;
    return { flag, meant: placeholder === undefined ? `--${known}` : `--${known} ${given}` };
  }
  return undefined;
}
