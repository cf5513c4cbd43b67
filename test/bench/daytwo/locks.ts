import { run } from "../../../tools/lib/process.ts";
import type { TestStack } from "../../live/lib/harness.ts";
import { query } from "../../live/lib/services.ts";

/** Settings of Postgres with which it counts statements, and logs each wait for a lock that lasts longer than 50 ms. */
export const watched = {
  shared_preload_libraries: "pg_stat_statements",
  log_lock_waits: true,
  deadlock_timeout: "50ms",
};

/** Locks that the cleaning held, and what waited meanwhile. */
export interface Locks {
  /** Seconds that the longest statement which deletes took; each is a transaction. */
  readonly longest: number;
  /** Seconds that anything waited for a lock at most; 0 if every wait was shorter than 50 ms. */
  readonly waited: number;
  /** Statements that gave up, and thereby their locks. */
  readonly givenUp: number;
}

function asOwner(stack: TestStack, sql: string): Promise<string> {
  return query(stack, "postgres", "postgres_password", "postgres", sql);
}

/** Finds the longest wait for a lock, in seconds, and the statements that gave up, in the log of Postgres. */
export function waitsIn(log: string): Pick<Locks, "waited" | "givenUp"> {
  const waits = [...log.matchAll(/(?:acquired|still waiting for) \S+ on .* after ([\d.]+) ms/g)];
  return {
    waited: Math.max(0, ...waits.map(([, ms]) => Number(ms))) / 1000,
    givenUp: log.match(/canceling statement due to statement timeout/g)?.length ?? 0,
  };
}

/** Starts to watch the locks; returns a function that ends the watch. */
export async function watchLocks(stack: TestStack): Promise<() => Promise<Locks>> {
  await asOwner(
    stack,
    "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()",
  );
  const since = new Date().toISOString();
  return async () => {
    const longest = "SELECT coalesce(max(max_exec_time), 0) FROM pg_stat_statements";
    const milliseconds = await asOwner(
      stack,
      `${longest} WHERE query LIKE 'DELETE FROM % AS old USING unnest%'`,
    );
    const logs = ["-c", 'docker logs --since "$1" "$2" 2>&1', "logs", since, `${stack.prefix}-postgres`];
    const log = await run("sh", logs);
    return { longest: Number(milliseconds) / 1000, ...waitsIn(log) };
  };
}
