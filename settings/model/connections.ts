import { majorOf } from "../schema/versions.ts";
import { airflowNumber as number } from "./airflowOptions.ts";
import type { Settings } from "./groups.ts";

/** Settings that decide how many connections a stack opens. */
export type Connecting = Pick<
  Settings,
  "version" | "schedulers" | "webservers" | "groups" | "settings" | "pgbouncer"
> & { readonly postgres: Pick<Settings["postgres"], "settings"> };

/** Parts of a stack that decide it, besides those of its groups. */
export const connectionParts = [
  "version",
  "schedulers",
  "webservers",
  "pgbouncer",
  "postgres.settings.max_connections",
  "postgres.settings.superuser_reserved_connections",
  "settings.database.sql_alchemy_pool_size",
  "settings.database.sql_alchemy_max_overflow",
  "settings.api.workers",
  "settings.webserver.workers",
] as const;

/** Maximum number of connections of one client, all its instances together. */
export interface Share {
  readonly who: string;
  readonly count: number;
  /** Arithmetic behind the number. */
  readonly because: string;
}

/** Connections that a process keeps, and those that it adds while all of these are busy. */
export interface Pool {
  readonly size: number;
  readonly overflow: number;
}

/**
 * Connection pools for the metadata, by role; Airflow's default is 5 and 10 for each.
 * Based on the maximum measured while 24 clients asked the webserver at once: see docs/decisions.md.
 */
export const pools = {
  scheduler: { size: 3, overflow: 2 },
  webserver: { size: 5, overflow: 3 },
  "dag-processor": { size: 3, overflow: 2 },
  triggerer: { size: 3, overflow: 2 },
} satisfies Record<string, Pool>;

/** Connections of the migration: one holds the lock, one changes the schema, one asks. */
const migration = 3;

/** Connections of KEDA for each group that it scales: one to ask, and one while the first is replaced. */
const keda = 2;

/** Defaults of Postgres itself. */
const server = { max_connections: 100, superuser_reserved_connections: 3 };

/** Returns the pool of a role; a setting of the stack applies to all roles. */
function poolOf(stack: Connecting, role: keyof typeof pools): Pool {
  const { size, overflow } = pools[role];
  return {
    size: number(stack, "database.sql_alchemy_pool_size", size),
    overflow: number(stack, "database.sql_alchemy_max_overflow", overflow),
  };
}

function times(...counts: readonly (readonly [count: number, unit: string])[]): string {
  return counts.map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`).join(" x ");
}

function pooled(
  stack: Connecting,
  role: keyof typeof pools,
  instances: number,
  processes = 1,
  each = 1,
): Share {
  const { size, overflow } = poolOf(stack, role);
  const counts: [number, string][] = [
    [instances, "instance"],
    ...(processes > 1 ? ([[processes, "process"]] as [number, string][]) : []),
    ...(each > 1 ? ([[each, "pool"]] as [number, string][]) : []),
  ];
  return {
    who: role,
    count: instances * processes * each * (size + overflow),
    because: `${times(...counts)} x (${size} + ${overflow})`,
  };
}

/** Counts a group's connections; an Airflow 2 task has two to the metadata: its own and its supervisor's. */
function taskShares(group: Connecting["groups"][number], instances: number, isTwo: boolean): Share[] {
  const { name, concurrency } = group;
  const results = {
    who: `${name}, results`,
    count: instances * (concurrency.max + 1),
    because: `${times([instances, "worker"])} x (${concurrency.max} tasks + 1)`,
  };
  if (!isTwo) return [results];
  const metadata = {
    who: `${name}, metadata`,
    count: instances * concurrency.max * 2,
    because: `${times([instances, "worker"])} x ${concurrency.max} tasks x 2`,
  };
  return [results, metadata];
}

/** Lists the connections that Airflow may open at most, by client. */
export function clientShares(stack: Connecting): Share[] {
  const { schedulers, webservers, groups, version } = stack;
  const isTwo = majorOf(version) === "2";
  const web = isTwo ? number(stack, "webserver.workers", 2) : number(stack, "api.workers", 1);
  return [
    pooled(stack, "scheduler", schedulers),
    { who: "scheduler, results", count: schedulers, because: times([schedulers, "instance"]) },
    // In Airflow 3 each process has a synchronous pool and an async one.
    pooled(stack, "webserver", webservers, web, isTwo ? 1 : 2),
    ...(isTwo ? [] : [pooled(stack, "dag-processor", 1)]),
    pooled(stack, "triggerer", 1),
    ...groups.flatMap((group) => taskShares(group, group.autoscale?.max ?? group.workers, isTwo)),
  ];
}

/** Lists the connections at the server: Airflow's or PgBouncer's. The migration bypasses PgBouncer. */
export function serverShares(stack: Connecting): Share[] {
  const own = { who: "migration", count: migration, because: "its lock, its work, and a look" };
  const { pgbouncer, groups } = stack;
  const scaled = groups.filter(({ autoscale }) => autoscale).length;
  const asking = {
    who: "KEDA",
    count: scaled * keda,
    because: `${times([scaled, "autoscaled group"])} x ${keda}`,
  };
  const direct = scaled > 0 ? [own, asking] : [own];
  if (!pgbouncer) return [...clientShares(stack), ...direct];
  const because = `pgbouncer.poolSize is ${pgbouncer.poolSize}`;
  return [
    { who: "pgbouncer, metadata", count: pgbouncer.poolSize, because },
    { who: "pgbouncer, results", count: pgbouncer.poolSize, because },
    ...direct,
  ];
}

export function sum(shares: readonly Share[]): number {
  return shares.reduce((all, { count }) => all + count, 0);
}

/** Returns the maximum number of connections that the stack opens to Postgres. */
export function connectionBudget(stack: Connecting): number {
  return sum(serverShares(stack));
}

/** Returns the number of connections that the stack's own Postgres accepts from it. */
export function serverLimit({ postgres: { settings } }: Connecting): number {
  const { max_connections: most, superuser_reserved_connections: reserved } = { ...server, ...settings };
  return Number(most) - Number(reserved);
}

/** Renders a budget as text, one line per share. */
export function table(shares: readonly Share[], limit: number, limited: string): string {
  const rows = [
    ...shares,
    { who: "sum", count: sum(shares), because: "" },
    { who: "limit", count: limit, because: limited },
  ];
  const name = Math.max(...rows.map(({ who }) => who.length));
  const digits = Math.max(...rows.map(({ count }) => String(count).length));
  return rows
    .map(({ who, count, because }) =>
      `${who.padEnd(name)}  ${String(count).padStart(digits)}  ${because}`.trimEnd(),
    )
    .join("\n");
}
