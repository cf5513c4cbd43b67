import { waitFor as poll } from "../../tools/lib/process.ts";
import { calmSeconds } from "./pace.ts";

/** Polls until `attempt` returns something; a limit in seconds holds for a calm machine, and longer on a busy one. */
export function waitFor<T>(
  what: string,
  seconds: number,
  attempt: () => Promise<T | undefined>,
  pauseSeconds?: number,
): Promise<T> {
  return poll(what, seconds, attempt, pauseSeconds, calmSeconds());
}
