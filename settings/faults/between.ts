import type { Given, Stated } from "../schema.ts";
import { dagsFaults } from "./dags.ts";
import type { Check, Fault } from "./fault.ts";
import { placementFaults } from "./placement.ts";
import { platformFaults } from "./platform.ts";
import { portFaults } from "./ports.ts";
import { ifReadable } from "./readable.ts";
import { concurrencyFaults } from "./workers.ts";

const checks: readonly Check[] = [placementFaults, platformFaults, portFaults, concurrencyFaults, dagsFaults];

/** Faults of values that are right by themselves. */
export function faultsBetween(parsed: Stated, given: Given): Fault[] {
  return checks.flatMap((check) => ifReadable(() => check(parsed, given)));
}
