import { chargedTries, tryOf } from "./charges.ts";
import { type Evidence, type Finding, keyOf, type Try } from "./evidence.ts";

const ended = ["success", "failed", "upstream_failed", "skipped", "removed"];

function endingOf(key: string, last: Try | undefined, done: number): Finding[] {
  if (!last) return [{ flaw: "unfinished", observed: `${key}: the database has no such task` }];
  const { state } = last;
  if (!ended.includes(state ?? ""))
    return [{ flaw: "unfinished", observed: `${key}: try ${last.try} is still ${state ?? "waiting"}` }];
  if (state !== "success") return [{ flaw: "failed", observed: `${key}: ${state} after ${last.try} tries` }];
  if (done === 1) return [];
  if (done === 0) return [{ flaw: "unwritten", observed: `${key}: success, but no execution finished` }];
  return [{ flaw: "twice", observed: `${key}: finished ${done} times; expected once` }];
}

/**
 * Checks that every task of the workload succeeded exactly once. A finished execution does not count if a
 * fault hit its worker before the webserver recorded the end: the task has to run again.
 */
export function endings(evidence: Evidence): Finding[] {
  const { expected, tries, executions } = evidence;
  const unnoted = new Set(chargedTries(evidence).flatMap(({ of, by }) => (by.length > 0 ? [tryOf(of)] : [])));
  const current = new Map(tries.filter((one) => one.current).map((one) => [keyOf(one), one]));
  const done = Map.groupBy(
    executions.filter((one) => one.how === "done" && !unnoted.has(tryOf(one))),
    keyOf,
  );
  return expected.flatMap((one) => {
    const key = keyOf(one);
    return endingOf(key, current.get(key), done.get(key)?.length ?? 0);
  });
}

/** Finds executions of tries that the database does not have. */
export function unrecordedExecutions({ tries, executions }: Evidence): Finding[] {
  const known = new Set(tries.map((one) => `${keyOf(one)} ${one.try}`));
  return executions
    .filter((one) => !known.has(`${keyOf(one)} ${one.try}`))
    .map((one) => ({
      flaw: "unknown",
      observed: `${keyOf(one)}: try ${one.try} ran on ${one.host}, but the database has no such try`,
    }));
}
