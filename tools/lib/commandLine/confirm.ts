import { createInterface } from "node:readline/promises";

/**
 * Asks a question in the terminal.
 * @param unasked message of the error when there is no terminal
 */
export async function answerTo(question: string, unasked: string): Promise<string> {
  if (!process.stdin.isTTY) throw new Error(unasked);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return (await terminal.question(question).finally(() => terminal.close())).trim();
}

/**
 * Asks whether to go on with an irreversible step.
 * @param sure true if the command line has `--yes`
 * @throws Error when the answer is no, or nobody can be asked
 */
export async function confirm(what: string, sure: boolean): Promise<void> {
  if (sure) return;
  const unasked = `${what}\nNothing was touched; expected --yes where no terminal can ask.`;
  const answer = await answerTo(`${what}\nGo on? [y/N] `, unasked);
  if (!/^y(es)?$/i.test(answer)) throw new Error("Nothing was touched.");
}
