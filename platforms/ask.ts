import { type ExecFileException, execFile } from "node:child_process";
import { clientEnvironment, type Machine } from "./machines.ts";

/** Default time limit; a healthy machine far away answers within two or three seconds. */
const defaultSeconds = 15;

/** Outcome of a question. */
export interface Answer {
  readonly text: string;
  /** Why there is no answer: the error of the Docker client, or of ssh on its behalf. */
  readonly complaint?: string;
  /** Our clock before and after the question, in milliseconds since 1970. */
  readonly asked: number;
  readonly answered: number;
}

function reason(error: ExecFileException, said: string, seconds: number): string {
  return error.killed ? `timed out after ${seconds} s` : said.trim() || error.message;
}

function answer(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  seconds = defaultSeconds,
): Promise<Answer> {
  const options = {
    env: { ...process.env, ...env },
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
    maxBuffer: 2 ** 26,
  } as const;
  const asked = Date.now();
  return new Promise((done) => {
    const child = execFile(command, args, options, (error, text, said) => {
      done({ text, ...(error && { complaint: reason(error, said, seconds) }), asked, answered: Date.now() });
    });
    child.stdin?.end();
  });
}

/** Asks the engine of a machine, or the Docker client's default engine; the question is the client's arguments. */
export function askEngine(
  machine: Machine | undefined,
  args: readonly string[],
  seconds?: number,
): Promise<Answer> {
  return answer("docker", args, clientEnvironment(machine), seconds);
}

/** Asks a cluster; the question is kubectl's arguments. */
export function askCluster(args: readonly string[], seconds?: number): Promise<Answer> {
  return answer("kubectl", args, {}, seconds);
}

/** Asks the Docker client on the machine itself. */
export function askOverSsh({ docker }: Machine, args: readonly string[]): Promise<Answer> {
  const { hostname, port, username } = new URL(docker);
  const options = ["-o", "BatchMode=yes", ...(port && ["-p", port]), ...(username && ["-l", username])];
  return answer("ssh", [...options, "--", hostname, "docker", ...args], {});
}
