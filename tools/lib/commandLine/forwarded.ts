import { commands } from "./commands.ts";
import { begun } from "./help.ts";
import { swallowed } from "./swallowed.ts";

/** Arguments of the Pulumi CLI, and the stack that the CLI works on. */
interface Forwarded {
  readonly stack: string | undefined;
  readonly args: readonly string[];
}

/**
 * Extracts the stack from arguments for the Pulumi CLI, whose configuration and state belong to one stack.
 * @throws Error if npm kept the flag, or if the flag has no value, is given twice, or in a form that hides it
 */
export function forwarded(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Forwarded {
  const taken = swallowed(commands.pulumi, env, []);
  if (taken !== undefined) {
    const meant = [begun("pulumi"), ...args, taken.meant].join(" ");
    throw new Error(`npm took ${taken.flag} for a flag of its own; expected ${meant}.`);
  }
  const joined = args.find((word) => /^-([yfrdjih]*s[^=]|[yfrdjih]+s$)/.test(word));
  if (joined !== undefined)
    throw new Error(`${joined} hides the stack in other letters; expected --stack NAME.`);
  const [at = -1, second] = args.flatMap((word, index) => (/^(--stack|-s)(=|$)/.test(word) ? [index] : []));
  if (at < 0) return { stack: undefined, args };
  if (second !== undefined) throw new Error("--stack is given twice; expected it once.");
  const inline = /=(.*)$/s.exec(args[at] ?? "")?.[1];
  const stack = inline ?? args[at + 1];
  if (!stack || stack.startsWith("-")) throw new Error(`${args[at]} has no value; expected --stack NAME.`);
  return { stack, args: args.toSpliced(at, inline === undefined ? 2 : 1) };
}
