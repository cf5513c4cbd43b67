import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { ProofRequest } from "../../../components/canary/request.ts";
import { moduleFolder } from "../../../components/roles/modules.ts";
import type { AirflowApi } from "../airflow.ts";
import { collected, ended } from "../process.ts";
import type { Place } from "../reach/place.ts";
import { logOf } from "./log.ts";
import { type Ended, type Event, type Trial, title } from "./report.ts";

const prover = `${moduleFolder}/proof.py`;

/** An event in a line of the program's output; Airflow writes other lines there. */
export function eventIn(line: string): Event | undefined {
  return line.startsWith('{"event"') ? (JSON.parse(line) as Event) : undefined;
}

/** Reads the log of a finished canary over the webserver, and adds its result to the trial. */
async function readResult(api: AirflowApi, trial: Ended): Promise<Trial> {
  if (trial.event === "busy" || trial.step === "broker") return trial;
  const log = await logOf(api, trial.run);
  if (trial.event === "failed") return "lines" in log ? { ...trial, log: log.lines } : trial;
  if ("cause" in log) return { ...trial, event: "failed", step: "log", why: log.cause };
  return { ...trial, host: log.host };
}

/**
 * Runs the canary through all queues and on all workers of a stack, and reads its logs over the webserver.
 * @param report receives a line for each trial that waits, with the reason
 * @returns the trials
 * @throws Error when the program cannot run
 */
export async function proveBy(
  { program, args, env }: Place,
  request: ProofRequest,
  api: AirflowApi,
  report: (line: string) => void,
): Promise<readonly Trial[]> {
  const child = spawn(program, [...args, "python", prover], { env: { ...process.env, ...env } });
  const errors = collected(child.stderr);
  // The program may end before it has read its input.
  child.stdin.on("error", () => {});
  const end = ended(child);
  child.stdin.write(`${JSON.stringify(request)}\n`);
  const trials: Promise<Trial>[] = [];
  let isWhole = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = eventIn(line);
    if (event === undefined) continue;
    if (event.event === "waits") report(`${title(event)} waits: ${event.why}`);
    else if (event.event !== "ended") trials.push(readResult(api, event));
    else {
      isWhole = true;
      const failed = (await Promise.all(trials)).filter((trial) => trial.event === "failed");
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
