import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { clientEnvironment, type Machine } from "../../../platforms/machines.ts";

const client = promisify(execFile);

/**
 * Runs a command that may get no answer; returns its standard output.
 * @param seconds before the command is killed
 * @param machine whose engine a Docker client asks; by default the client's default engine
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

/** Cause of a failure in one line: the last output of a program or ssh, without the client's words around it. */
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
