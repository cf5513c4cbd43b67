import type { Stated } from "../schema.ts";
import type { Fault } from "./fault.ts";

/** A worker that shrinks cannot shrink to more than it grows to. */
export function concurrencyFaults({
  workerConcurrency,
  workerMinConcurrency,
  workerGroups,
}: Stated): Fault[] {
  const spans = [
    { path: ["workerMinConcurrency"], min: workerMinConcurrency, max: workerConcurrency },
    ...workerGroups.map(({ minConcurrency: min, concurrency: max = workerConcurrency }, at) => ({
      path: ["workerGroups", at, "minConcurrency"],
      min,
      max,
    })),
  ];
  return spans.flatMap(({ path, min = 0, max }) =>
    min > max ? [{ path, message: `allowed is a number that is not above the concurrency, ${max}` }] : [],
  );
}
