import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

function concurrencyFault(path: readonly PropertyKey[], max: number, min = 0): Fault[] {
  return min > max ? [{ path, message: `expected at most the concurrency, ${max}` }] : [];
}

/** Rejects a minimum concurrency above the maximum. */
const concurrency = rule(["workerConcurrency", "workerMinConcurrency"], (parsed) =>
  concurrencyFault(["workerMinConcurrency"], parsed.workerConcurrency, parsed.workerMinConcurrency),
);

const concurrencyOfGroups = rule(
  ["workerConcurrency", "workerGroups.*.concurrency", "workerGroups.*.minConcurrency"],
  ({ workerConcurrency, workerGroups }) =>
    workerGroups.flatMap(([at, { minConcurrency, concurrency = workerConcurrency }]) =>
      concurrencyFault(["workerGroups", at, "minConcurrency"], concurrency, minConcurrency),
    ),
);

export const concurrencyRules = [concurrency, concurrencyOfGroups];
