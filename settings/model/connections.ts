import { type Role, type RoleFacts, roleTable } from "../../roles.ts";
import { majorOf, rolesIn } from "../schema/versions.ts";
import { airflowNumber as number } from "./airflowOptions.ts";
import type { Settings, WorkerCount } from "./groups.ts";

/** Settings that decide how many connections a stack opens. */
export type Connecting = Pick<
  Settings,
  "version" | "canary" | "backup" | "monitoring" | "schedulers" | "webservers" | "settings" | "pgbouncer"
> & {
  readonly groups: readonly Omit<WorkerCount, "group">[];
  readonly postgres: Pick<Settings["postgres"], "settings">;
};

/** Parts of a stack that decide it, besides those of its groups. */
export const connectionParts = [
  "version",
  "canary",
  "backup",
  "monitoring",
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

/**
 * Connections of the migration: one holds the lock, one changes the schema, one asks. While no migration runs, one of them
 * is there for the program that removes old records.
 */
const migration = 3;

/** Connections of KEDA for each group that it scales: one to ask, and one while the first is replaced. */
const keda = 2;

/** Connections of a backup: one holds the moment that the other dumps. */
const backup = 2;

/** Defaults of Postgres itself. */
const server = { max_connections: 100, superuser_reserved_connections: 3 };

function times(...counts: readonly (readonly [count: number, unit: string])[]): string {
  return counts
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : unit.endsWith("s") ? "es" : "s"}`)
    .join(" x ");
}

/** Counts the connections of a role's pools; a setting of the stack applies to all roles. */
function pooled(stack: Connecting, role: Role, processes = 1, each = 1): Share[] {
  const { pool, countedBy }: RoleFacts = roleTable[role];
  if (!pool) return [];
  const size = number(stack, "database.sql_alchemy_pool_size", pool.size);
  const overflow = number(stack, "database.sql_alchemy_max_overflow", pool.overflow);
  const instances = countedBy ? stack[countedBy] : 1;
  const counts: [number, string][] = [
    [instances, "instance"],
    ...(processes > 1 ? ([[processes, "process"]] as [number, string][]) : []),
    ...(each > 1 ? ([[each, "pool"]] as [number, string][]) : []),
  ];
  const because = `${times(...counts)} x (${size} + ${overflow})`;
  return [{ who: role, count: instances * processes * each * (size + overflow), because }];
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
  const { schedulers, groups, version } = stack;
  const isTwo = majorOf(version) === "2";
  const web = isTwo ? number(stack, "webserver.workers", 2) : number(stack, "api.workers", 1);
  const results = { who: "scheduler, results", count: schedulers, because: times([schedulers, "instance"]) };
  const shares = rolesIn(version).flatMap((role) => {
    // In Airflow 3 each process has a synchronous pool and an async one.
    if (role === "webserver") return pooled(stack, role, web, isTwo ? 1 : 2);
    return role === "scheduler" ? [...pooled(stack, role), results] : pooled(stack, role);
  });
  return [
    ...shares,
    ...(stack.canary ? [{ who: "canary", count: 1, because: "one proof at a time" }] : []),
    ...(stack.monitoring ? [{ who: "monitoring", count: 1, because: "one look at a time" }] : []),
    ...groups.flatMap((group) => taskShares(group, group.autoscale?.max ?? group.workers, isTwo)),
  ];
}

/** Lists the connections at the server: Airflow's or PgBouncer's. The migration and backups bypass PgBouncer. */
export function serverShares(stack: Connecting): Share[] {
  const own = { who: "migration", count: migration, because: "its lock, its work, and a look" };
  const { pgbouncer, groups } = stack;
  const scaled = groups.filter(({ autoscale }) => autoscale).length;
  const asking = {
    who: "KEDA",
    count: scaled * keda,
    because: `${times([scaled, "autoscaled group"])} x ${keda}`,
  };
  const direct = [
    own,
    ...(scaled > 0 ? [asking] : []),
    ...(stack.backup ? [{ who: "backup", count: backup, because: "a snapshot and a dump" }] : []),
  ];
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
