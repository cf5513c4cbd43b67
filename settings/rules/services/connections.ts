import { airflowOption } from "../../model/airflowOptions.ts";
import {
  type Connecting,
  clientShares,
  serverLimit,
  serverShares,
  sum,
  table,
} from "../../model/connections.ts";
import { groupsOf } from "../../model/groups.ts";
import type { ParsedConfig } from "../../schema/schema.ts";
import type { Fault } from "../fault.ts";

/** Indents text below the line of the fault. */
function indented(text: string): string {
  return text.replaceAll(/^/gm, "      ");
}

/** Rejects pool sizes without a bound. */
function unbounded(parsed: ParsedConfig): Fault[] {
  const least = { pool_size: 1, max_overflow: 0 };
  return Object.entries(least).flatMap(([key, min]) => {
    const given = airflowOption(parsed, `database.sql_alchemy_${key}`);
    if (!given || (/^\d{1,6}$/.test(given.value) && Number(given.value) >= min)) return [];
    const message = `a process could open any number of connections: expected a whole number, ${min} or more`;
    return [{ path: given.path, message, given: given.value }];
  });
}

function serverFaults(stack: Connecting): Fault[] {
  const { postgres, pgbouncer } = stack;
  // An external server is asked by the check job, before anything else is deployed.
  if (postgres.url !== undefined) return [];
  const shares = serverShares(stack);
  const [all, limit] = [sum(shares), serverLimit(stack)];
  if (all <= limit) return [];
  const { max_connections: most } = postgres.settings;
  const limited = `max_connections ${most ?? 100}, less what is kept for superusers`;
  const less = pgbouncer
    ? "a lower pgbouncer.poolSize"
    : "lower settings.database.sql_alchemy_pool_size and sql_alchemy_max_overflow, or pgbouncer: {}";
  const message = `Airflow may open ${all} connections:\n${indented(table(shares, limit, limited))}\n    expected at least ${
    Math.ceil((all + 3) / 10) * 10
  }; or ${less}`;
  return [
    {
      path: ["postgres", "settings", "max_connections"],
      message,
      given: most === undefined ? "100, its default" : String(most),
    },
  ];
}

function clientFaults(stack: Connecting): Fault[] {
  if (!stack.pgbouncer) return [];
  const { clients } = stack.pgbouncer;
  const shares = clientShares(stack);
  const all = sum(shares);
  if (all <= clients) return [];
  const budget = indented(table(shares, clients, "pgbouncer.clients"));
  const message = `Airflow may open ${all} connections to it:\n${budget}\n    expected at least ${all}`;
  return [{ path: ["pgbouncer", "clients"], message, given: String(clients) }];
}

/** Rejects more connections than the server accepts: it would refuse the last ones, and only under load. */
export function connectionFaults(parsed: ParsedConfig): Fault[] {
  const odd = unbounded(parsed);
  if (odd.length > 0) return odd;
  const stack = { ...parsed, groups: groupsOf(parsed) };
  return [...serverFaults(stack), ...clientFaults(stack)];
}
