import { createInterface } from "node:readline/promises";

/**
 * Asks whether to go on with what cannot be undone.
 * @param sure true if the command line says so already
 * @throws Error when the answer is no, or nobody can be asked
 */
export async function confirm(what: string, sure: boolean): Promise<void> {
  if (sure) return;
  if (!process.stdin.isTTY) throw new Error(`${what}\nNobody can be asked here: say --yes if that is meant.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${what}\nGo on? [y/N] `).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error("Nothing was touched.");
}
