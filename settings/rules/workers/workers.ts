import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";
import { each, ifReadable } from "../readable.ts";

function fault(path: readonly PropertyKey[], max: number, min = 0): Fault[] {
  return min > max ? [{ path, message: `expected a number that is not above the concurrency, ${max}` }] : [];
}

/** Rejects a minimum concurrency above the maximum. */
export function concurrencyFaults(parsed: ParsedConfig): Fault[] {
  return [
    ...ifReadable(() =>
      fault(["workerMinConcurrency"], parsed.workerConcurrency, parsed.workerMinConcurrency),
    ),
    ...each(parsed.workerGroups, ({ minConcurrency, concurrency = parsed.workerConcurrency }, at) =>
      fault(["workerGroups", at, "minConcurrency"], concurrency, minConcurrency),
    ),
  ];
}
