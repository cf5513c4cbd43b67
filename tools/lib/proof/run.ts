import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { ProofRequest } from "../../../components/canary/request.ts";
import { moduleFolder } from "../../../components/roles/modules.ts";
import { timings } from "../../../settings/model/timings.ts";
import type { AirflowApi } from "../airflow.ts";
import { collected, ended, reporting } from "../process.ts";
import type { Place } from "../reach/place.ts";
import { logOf } from "./log.ts";
import { type Ended, type Event, type Trial, title } from "./report.ts";

const prover = `${moduleFolder}/proof.py`;

/** An event in a line of the program's output; Airflow writes other lines there. */
export function eventIn(line: string): Event | undefined {
  return line.startsWith('{"event"') ? (JSON.parse(line) as Event) : undefined;
}

/** Seconds in which the log of a canary that failed can be read, if it has one. */
const failedSeconds = 10;

/** Reads the log of a finished canary over the webserver, and adds its result to the trial. */
async function readResult(api: AirflowApi, trial: Ended): Promise<Trial> {
  if (trial.event === "busy" || trial.step === "broker") return trial;
  const seconds = trial.event === "failed" ? failedSeconds : timings.logWritten;
  const log = await logOf(api, trial.run, seconds);
  if (trial.event === "failed") return "lines" in log ? { ...trial, log: log.lines } : trial;
  if ("cause" in log) return { ...trial, event: "failed", step: "log", why: log.cause };
  return { ...trial, host: log.host };
}

/** A running program that proves; it loads Airflow, and then waits for a request. */
export interface Prover {
  readonly child: ChildProcessWithoutNullStreams;
  /** Returns the errors that it has printed. */
  readonly errors: () => string;
  /** Exit code. */
  readonly end: Promise<number | null>;
}

/** Starts the program that proves in a scheduler's container. */
export function startProver({ program, args, env }: Place): Prover {
  const child = spawn(program, [...args, "python", prover], { env: { ...process.env, ...env } });
  // The program may end before it has read its input.
  child.stdin.on("error", () => {});
  return { child, errors: collected(child.stderr), end: ended(child) };
}

/** True if a program has not ended, so that the container in which it was started is still there. */
export function isRunning({ child }: Prover): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/**
 * Runs the canary through all queues and on all workers of a stack, and reads its logs over the webserver.
 * @param report receives a line for each trial that waits, with the reason
 * @returns the trials
 * @throws Error when the program cannot run
 */
export async function proveBy(
  { child, errors, end }: Prover,
  request: ProofRequest,
  api: AirflowApi,
  report: (line: string) => void,
): Promise<readonly Trial[]> {
  child.stdin.write(`${JSON.stringify(request)}\n`);
  const begun = new Promise((done) => child.stdout.once("data", done).once("close", done));
  void reporting("waiting for the program that proves, in the scheduler's container", begun);
  const trials: Promise<Trial>[] = [];
  let isWhole = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = eventIn(line);
    if (event === undefined) continue;
    if (event.event === "waits") report(`${title(event)} waits: ${event.why}`);
    else if (event.event !== "ended") trials.push(readResult(api, event));
    else {
      isWhole = true;
      const read = await reporting("waiting for the logs of the proof's tasks", Promise.all(trials));
      const failed = read.filter((trial) => trial.event === "failed");
      const faults = failed.map((trial) => `${title(trial)}: ${trial.why}`);
      child.stdin.end(`${JSON.stringify({ faults })}\n`);
    }
  }
  const code = await end;
  const lastErrors = errors().trim().split("\n").slice(-15).join("\n");
  if (!isWhole || code !== 0)
    throw new Error(`The proof did not finish in the scheduler's container:\n${lastErrors}`);
  return Promise.all(trials);
}
