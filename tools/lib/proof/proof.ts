import { proofRequest } from "../../../components/canary/request.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import type { AirflowApi } from "../airflow.ts";
import { print } from "../commandLine/terminal.ts";
import { placeOf } from "../reach/place.ts";
import type { Stack } from "../stack.ts";
import { failures, proofReport, verdict } from "./report.ts";
import { proveBy } from "./run.ts";

/**
 * Runs the canary through every queue and on every worker of a stack, and prints the result of each trial.
 * @param down names of machines that do not answer, whose workers are left out
 * @returns the verdict
 * @throws Error that names the queues and workers that failed
 */
export async function prove(
  stack: Stack,
  settings: Settings,
  api: AirflowApi,
  down: readonly string[] = [],
): Promise<string> {
  const groups = settings.groups.filter(({ machine }) => !down.includes(machine ?? ""));
  const request = proofRequest({ ...settings, groups }, true);
  if (request.groups.length === 0) return "The stack has no worker, so nothing was proven.";
  const place = await placeOf(stack, "scheduler");
  const trials = await proveBy(place, request, api, (line) => print(`  ${line}`));
  print(proofReport(trials));
  const failed = failures(trials);
  if (failed.length > 0) throw new Error(`The proof failed, see above: ${failed.join(", ")}.`);
  return verdict(trials);
}
