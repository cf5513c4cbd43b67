import { readFileSync } from "node:fs";

/**
 * Seconds between two probes of a healthy container, seconds that such a container may fail before a restart, and
 * probes per health check, since starting a check costs more CPU time than a probe, on an engine and in a cluster.
 */
export const checks = { everySeconds: 10, patienceSeconds: 15, looks: 6 };

/** Seconds that a start may take for as long as it uses CPU time; on a busy machine many share a CPU. */
export function longestStart(startSeconds: number): number {
  return startSeconds * 4;
}

/** Shell functions with which the checks of both platforms tell a slow start from a hung one. */
export const progress = readFileSync(new URL("progress.sh", import.meta.url), "utf8");
