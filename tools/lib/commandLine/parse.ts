import { parseArgs } from "node:util";
import { hint, nearest } from "../../../settings/rules/nearest.ts";
import { type Command, type CommandName, commands, type Flag } from "./commands.ts";
import { begun, flagSyntax } from "./help.ts";
import { swallowed } from "./swallowed.ts";

/** Values of a command's flags: a text where the flag takes a value, otherwise true. */
type Values<Flags> = {
  readonly [F in keyof Flags]?: Flags[F] extends { readonly value: string } ? string : true;
};

/** A command line that fits its command. */
export interface Parsed<Name extends CommandName> {
  readonly flags: Values<(typeof commands)[Name]["flags"]>;
  /** Positional arguments. */
  readonly words: readonly string[];
}

type Given = Readonly<Record<string, string | true>>;
type Environment = Readonly<Record<string, string | undefined>>;

function usageError(name: CommandName, fault: string): Error {
  return new Error(`${fault}\n${begun(name)} --help explains all arguments.`);
}

/** Rejects a `PULUMI_STACK` that the command would ignore. */
function checkVariable(name: CommandName, { flags, readsVariable }: Command, given: Given, env: Environment) {
  const { PULUMI_STACK: stack = "" } = env;
  if (!("stack" in flags) || readsVariable || "stack" in given || stack === "" || stack === "dev") return;
  throw usageError(
    name,
    `PULUMI_STACK is ${stack}, which only npm run pulumi reads; expected ${begun(name)} --stack ${stack}, or PULUMI_STACK unset.`,
  );
}

function checkWords(name: CommandName, { words, flags, unprinted }: Command, given: readonly string[]) {
  const [expected, least, most] = words ?? ["no argument but flags", 0, 0];
  if (given.length >= least && given.length <= most) return;
  const extra = given[most];
  if (extra === undefined)
    throw usageError(name, `${expected} is missing; expected ${begun(name)} ${expected}.`);
  if (unprinted !== undefined) throw usageError(name, `There is one argument too many; ${unprinted}.`);
  const meant = "stack" in flags ? `; for a stack: ${begun(name)} --stack ${extra}` : "";
  throw usageError(name, `${extra} is one argument too many; expected ${expected}${meant}.`);
}

function checkFlag(name: CommandName, rawName: string, flag: Flag | undefined, known: readonly string[]) {
  if (flag !== undefined) return;
  const meant = nearest(rawName.replace(/^-+/, ""), known);
  const all = known.length > 0 ? known.map((one) => `--${one}`).join(", ") : "no flag but --help";
  throw usageError(name, `${rawName} is unknown; ${hint(meant && `--${meant}`)}expected ${all}.`);
}

/** Returns the value of a flag, given inline or as the next argument. */
function readValue(name: CommandName, flag: string, about: Flag, value: string | undefined, inline: boolean) {
  const typed = flagSyntax(flag, about);
  if (about.value === undefined) {
    if (inline) throw usageError(name, `--${flag}=${value} has a value; expected --${flag} alone.`);
    return true;
  }
  const isMissing = value === undefined || value === "" || (!inline && value.startsWith("-"));
  if (isMissing) throw usageError(name, `--${flag} has no value; expected ${typed}.`);
  return value;
}

/**
 * Parses the arguments of a command.
 * @throws Error that shows the expected arguments
 */
export function parse<Name extends CommandName>(
  name: Name,
  args: readonly string[],
  env: Environment,
): Parsed<Name> {
  const command: Command = commands[name];
  const known = Object.keys(command.flags);
  const options = Object.entries(command.flags).map(
    ([flag, { value }]) => [flag, { type: value === undefined ? "boolean" : "string" }] as const,
  );
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const taken = swallowed(command, env, positionals);
  if (taken !== undefined) {
    throw usageError(
      name,
      `npm took ${taken.flag} for a flag of its own; expected ${begun(name)} ${taken.meant}.`,
    );
  }
  const flags: Record<string, string | true> = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const about = command.flags[token.name];
    checkFlag(name, token.rawName, about, known);
    if (about === undefined) continue;
    if (token.name in flags) throw usageError(name, `--${token.name} is given twice; expected it once.`);
    flags[token.name] = readValue(name, token.name, about, token.value, token.inlineValue === true);
  }
  checkWords(name, command, positionals);
  checkVariable(name, command, flags, env);
  return { flags: flags as Parsed<Name>["flags"], words: positionals };
}
