import { type ExecFileException, execFile } from "node:child_process";
import { clientEnvironment, type DeployedMachine, type Machine } from "./machines.ts";

/** Default time limit in seconds. A healthy machine far away answers within two or three, a busy one after more than 15. */
const defaultSeconds = 45;

/** Output of a command that asks an engine or a cluster, or the reason why there is none. */
export interface Answer {
  readonly text: string;
  /** Error of the Docker client, kubectl or ssh; absent if the command succeeded. */
  readonly complaint?: string;
  /** This machine's clock before and after the command, in milliseconds since 1970. */
  readonly asked: number;
  readonly answered: number;
}

function reason(error: ExecFileException, stderr: string, seconds: number): string {
  return error.killed ? `timed out after ${seconds} s` : stderr.trim() || error.message;
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
    const child = execFile(command, args, options, (error, text, stderr) => {
      const complaint = error && { complaint: reason(error, stderr, seconds) };
      done({ text, ...complaint, asked, answered: Date.now() });
    });
    child.stdin?.end();
  });
}

/** Runs the Docker client on the engine of a machine, or on its default engine; never throws. */
export function askEngine(
  machine: DeployedMachine | undefined,
  args: readonly string[],
  seconds?: number,
): Promise<Answer> {
  return answer("docker", args, clientEnvironment(machine), seconds);
}

/** Runs kubectl; never throws. */
export function askCluster(args: readonly string[], seconds?: number): Promise<Answer> {
  return answer("kubectl", args, {}, seconds);
}

/** Runs the Docker client that is installed on a machine, over ssh; never throws. */
export function askOverSsh({ docker }: Machine, args: readonly string[]): Promise<Answer> {
  const { hostname, port, username } = new URL(docker);
  const options = ["-o", "BatchMode=yes", ...(port && ["-p", port]), ...(username && ["-l", username])];
  return answer("ssh", [...options, "--", hostname, "docker", ...args], {});
}
