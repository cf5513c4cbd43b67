import type { TestStack } from "./harness.ts";

/** Queries the stack's Postgres as a role whose password is in `secret`; returns unaligned output. */
export function query(
  stack: TestStack,
  role: string,
  secret: string,
  database: string,
  sql: string,
): Promise<string> {
  const psql = 'PGPASSWORD=$(cat "/run/secrets/$2") psql -h 127.0.0.1 -U "$1" -d "$3" -Atc "$4"';
  return stack.exec("postgres", "sh", "-c", psql, "psql", role, secret, database, sql);
}
