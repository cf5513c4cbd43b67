import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { clientEnvironment, type Machine } from "../../../platforms/machines.ts";

const client = promisify(execFile);

/**
 * Runs a command that asks somebody who may be gone without a word; returns its standard output.
 * @param seconds after which it is given up
 * @param machine whose engine a Docker client asks; the one that it finds by itself
 * @throws Error that {@link cause} understands
 */
export async function ask(
  command: string,
  args: readonly string[],
  seconds: number,
  machine?: Machine,
): Promise<string> {
  const { stdout } = await client(command, args, {
    env: { ...process.env, ...clientEnvironment(machine) },
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

/** Why it failed, in one line: what a program or ssh said last, instead of all that a client says about it. */
export function cause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("killed" in error && error.killed) return "nothing came in time";
  const said = "stderr" in error && error.stderr !== "" ? String(error.stderr) : error.message;
  return (
    said
      .trim()
      .split(/stderr=|\n/)
      .at(-1)
      ?.trim() ?? ""
  );
}
