import { proofRequest } from "../../../components/canary/request.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { AirflowApi } from "../airflow.ts";
import { print } from "../commandLine/terminal.ts";
import { findPlace, placeOf } from "../reach/place.ts";
import type { Stack } from "../stack.ts";
import { failures, proofReport, verdict } from "./report.ts";
import { isRunning, type Prover, proveBy, startProver } from "./run.ts";

/**
 * Starts the program that proves before a deployment, which may leave the scheduler as it is: loading Airflow takes longer than the proof.
 * @returns undefined if no scheduler is found, which the proof itself reports
 */
export async function earlyProver(stack: Stack): Promise<Prover | undefined> {
  const place = await findPlace(stack, "scheduler").catch(() => undefined);
  return place && startProver(place);
}

/**
 * Runs the canary through every queue and on every worker of a stack, and prints the result of each trial.
 * @param down names of machines that do not answer, whose workers are left out
 * @param early program that was started before the deployment, and has ended if the scheduler was replaced
 * @returns the verdict
 * @throws Error that names the queues and workers that failed
 */
export async function prove(
  stack: Stack,
  settings: Settings,
  api: AirflowApi,
  down: readonly string[] = [],
  early?: Prover,
): Promise<string> {
  const groups = settings.groups.filter(({ machine }) => !down.includes(machine ?? ""));
  const request = proofRequest({ ...settings, groups }, true);
  if (request.groups.length === 0) return "The stack has no worker, so nothing was proven.";
  const prover = early && isRunning(early) ? early : startProver(await placeOf(stack, "scheduler"));
  // Reading a log has a limit of its own.
  const hasty = new AirflowApi(api.login);
  const trials = await proveBy(prover, request, hasty, (line) => print(`  ${line}`));
  print(proofReport(trials));
  const failed = failures(trials);
  if (failed.length > 0) throw new Error(`The proof failed, see above: ${failed.join(", ")}.`);
  return verdict(trials);
}
