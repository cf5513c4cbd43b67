import { readFileSync } from "node:fs";
import type { Health, Values } from "../../workload.ts";
import { runtimeDirectory } from "../../workload.ts";

const file = `${runtimeDirectory}/heartbeat`;

/** Who beats: a worker every 2 s while it consumes, any other job every 5 s (`job_heartbeat_sec`) while it reaches the database. */
const beats = {
  worker: { module: readFileSync(new URL("worker.py", import.meta.url), "utf8"), missedSeconds: 20 },
  job: { module: readFileSync(new URL("job.py", import.meta.url), "utf8"), missedSeconds: 30 },
};

/**
 * A health check without a Python start, which takes seconds on a busy machine: the process itself keeps a file fresh.
 * @param files those that the process has besides
 */
export function heartbeat(
  of: keyof typeof beats,
  files: Values,
): { readonly files: Values; readonly healthy: Health } {
  const { module, missedSeconds } = beats[of];
  const fresh = `find ${runtimeDirectory} -path ${file} -newermt "${missedSeconds} seconds ago" | grep -q .`;
  return {
    files: { ...files, "/opt/airflow/config/airflow_local_settings.py": module },
    healthy: { command: ["sh", "-c", fresh], startSeconds: 180 },
  };
}
