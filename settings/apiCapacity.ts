import { said } from "./faults/said.ts";
import type { Settings } from "./groups.ts";
import { slotsOf } from "./slots.ts";

/** CPU seconds that the webserver needs for a heartbeat of a task: 5 to 9 ms were measured. */
export const heartbeatCost = 0.009;

/** The share of a webserver process that heartbeats may take. */
export const heartbeatShare = 0.2;

/** Seconds between two heartbeats of a task: at least, and at most. */
const heartbeatIntervals = { min: 2, max: 15 };

/** Processes of all webservers together. */
export function apiProcesses(stack: Pick<Settings, "webservers" | "settings">): number {
  return stack.webservers * Number(said(stack, "api.workers")?.value ?? 1);
}

/** Seconds between two heartbeats of a task, so that those of all tasks take a fifth of the webserver at most. */
export function heartbeatInterval(stack: Pick<Settings, "groups" | "webservers" | "settings">): number {
  const { min, max } = heartbeatIntervals;
  const needed = (slotsOf(stack.groups) * heartbeatCost) / (heartbeatShare * apiProcesses(stack));
  return Math.min(max, Math.max(min, Math.ceil(needed)));
}
