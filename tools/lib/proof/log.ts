import { setTimeout as sleep } from "node:timers/promises";
import { canaryDag } from "../../../components/canary/request.ts";
import type { AirflowApi } from "../airflow.ts";
import { reasonOf } from "../process.ts";
import { type LogAnswer, linesOf } from "../taskLog.ts";

/** Id of the canary's only task. */
const task = "canary";

/** Finds the host that a canary's log names. */
export function hostIn(lines: readonly string[], run: string): string | undefined {
  const rest = lines.map((line) => line.split(`canary ${run} ran on `)[1]).find((text) => text !== undefined);
  return rest?.match(/^(\S+?)\.?(\s|$)/)?.[1];
}

/** Reads the log of a canary over the webserver within some seconds; `cause` explains why no host was found in the log. */
export async function logOf(
  api: AirflowApi,
  run: string,
  seconds: number,
): Promise<{ lines: readonly string[]; host: string } | { lines?: readonly string[]; cause: string }> {
  const path = `/dags/${canaryDag}/dagRuns/${run}/taskInstances/${task}/logs/1`;
  let cause = "";
  let lines: readonly string[] = [];
  for (const begin = Date.now(); Date.now() - begin < seconds * 1000; await sleep(300)) {
    try {
      const answer = await api.call<LogAnswer>(path);
      lines = answer ? linesOf(answer) : [];
      const host = hostIn(lines, run);
      if (host !== undefined) return { lines, host };
      cause = `the webserver shows a log without the canary's line: ${lines.slice(-3).join(" ") || "it is empty"}`;
    } catch (error) {
      cause = `the webserver does not show the log: ${reasonOf(error)}`;
    }
  }
  return { lines, cause };
}
