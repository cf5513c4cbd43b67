import { type ExecFileException, execFile } from "node:child_process";
import { clientEnvironment, type Machine } from "./machines.ts";

/** Seconds; an answer from a healthy machine far away takes two or three. */
const patience = 15;

/** What came of a question. */
export interface Answer {
  readonly text: string;
  /** Why there is none: what the Docker client said, or ssh on its behalf. */
  readonly complaint?: string;
  /** Our clock before and after it, in milliseconds since 1970. */
  readonly asked: number;
  readonly answered: number;
}

function reason(error: ExecFileException, said: string): string {
  return error.killed ? `timed out after ${patience} s` : said.trim() || error.message;
}

function answer(command: string, args: readonly string[], env: Record<string, string>): Promise<Answer> {
  const options = {
    env: { ...process.env, ...env },
    timeout: patience * 1000,
    killSignal: "SIGKILL",
    maxBuffer: 2 ** 24,
  } as const;
  const asked = Date.now();
  return new Promise((done) => {
    const child = execFile(command, args, options, (error, text, said) => {
      done({ text, ...(error && { complaint: reason(error, said) }), asked, answered: Date.now() });
    });
    child.stdin?.end();
  });
}

/** Puts a question to the engine of a machine, or the one that the Docker client finds by itself, as its arguments. */
export function askEngine(machine: Machine | undefined, args: readonly string[]): Promise<Answer> {
  return answer("docker", args, clientEnvironment(machine));
}

/** Puts a question to a cluster, as arguments of kubectl. */
export function askCluster(args: readonly string[]): Promise<Answer> {
  return answer("kubectl", args, {});
}

/** Puts a question to the Docker client that is on the machine itself. */
export function askOverSsh({ docker }: Machine, args: readonly string[]): Promise<Answer> {
  const { hostname, port, username } = new URL(docker);
  const options = ["-o", "BatchMode=yes", ...(port && ["-p", port]), ...(username && ["-l", username])];
  return answer("ssh", [...options, "--", hostname, "docker", ...args], {});
}
