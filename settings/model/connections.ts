import { capabilities } from "../../capabilities.ts";
import { type Role, type RoleFacts, roleTable } from "../../roles.ts";
import { majorOf, rolesIn } from "../schema/versions.ts";
import { airflowNumber } from "./airflowOptions.ts";
import { type Settings, triggerersOf, type WorkerCount } from "./groups.ts";
import { givenSetting } from "./servers.ts";

/** Settings that decide how many connections a stack opens. */
export type ConnectionInputs = Pick<
  Settings,
  | "platform"
  | "version"
  | "canary"
  | "backup"
  | "monitoring"
  | "schedulers"
  | "webservers"
  | "triggerers"
  | "settings"
  | "pgbouncer"
> & {
  readonly groups: readonly Omit<WorkerCount, "group">[];
  readonly postgres: Pick<Settings["postgres"], "settings">;
};

/** Paths of the parts of a stack that decide the number of connections, besides `groupParts`. */
export const connectionParts = [
  "platform",
  "version",
  "canary",
  "backup",
  "monitoring",
  "schedulers",
  "webservers",
  "triggerers",
  "pgbouncer",
  "postgres.settings.max_connections",
  "postgres.settings.superuser_reserved_connections",
  "settings.database.sql_alchemy_pool_size",
  "settings.database.sql_alchemy_max_overflow",
  "settings.api.workers",
  "settings.webserver.workers",
] as const;

/** Maximum number of connections that all instances of one client open together. */
interface Share {
  readonly client: string;
  readonly count: number;
  /** Arithmetic behind the number. */
  readonly because: string;
}

/** Connections of the migration: lock, changes, progress; between migrations the removal of old records uses one. */
const migration = 3;

/** Connections of KEDA for each group that it scales: one for its query, and one while the first is replaced. */
const keda = 2;

/** Connections of a backup: one holds the snapshot that the other dumps. */
const backup = 2;

/** Connections of continuous backups besides: the place of the log, and the entry for the monitoring. */
const continuous = 2;

/** Defaults of the stack's own Postgres; its 30 connections more than Postgres itself has are for updates in a cluster. */
export const serverDefaults = { max_connections: 130, superuser_reserved_connections: 3 };

function times(...counts: readonly (readonly [count: number, unit: string])[]): string {
  return counts
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : unit.endsWith("s") ? "es" : "s"}`)
    .join(" x ");
}

/** Counts the instances of a role, without those of groups. */
function instancesOf(stack: ConnectionInputs, role: Role): number {
  const { countedBy }: RoleFacts = roleTable[role];
  return countedBy ? stack[countedBy] : 1;
}

/**
 * Counts the connections of a role's pools; the stack's settings of a pool's size apply to all roles.
 * @param client name of the service, and number of its instances; default: those of the role
 */
function poolShares(
  stack: ConnectionInputs,
  role: Role,
  processes = 1,
  each = 1,
  [client, instances]: readonly [string, number] = [role, instancesOf(stack, role)],
): Share[] {
  const { pool }: RoleFacts = roleTable[role];
  if (!pool) return [];
  const size = airflowNumber(stack, "database.sql_alchemy_pool_size", pool.size);
  const overflow = airflowNumber(stack, "database.sql_alchemy_max_overflow", pool.overflow);
  const counts: [number, string][] = [
    [instances, "instance"],
    ...(processes > 1 ? ([[processes, "process"]] as [number, string][]) : []),
    ...(each > 1 ? ([[each, "pool"]] as [number, string][]) : []),
  ];
  const because = `${times(...counts)} x (${size} + ${overflow})`;
  return [{ client, count: instances * processes * each * (size + overflow), because }];
}

/** Counts the connections of a group of workers. In Airflow 2 a task and its supervisor open one each to the metadata. */
function taskShares(group: ConnectionInputs["groups"][number], instances: number, isTwo: boolean): Share[] {
  const { name, concurrency } = group;
  const results = {
    client: `${name}, results`,
    count: instances * (concurrency.max + 1),
    because: `${times([instances, "worker"])} x (${concurrency.max} tasks + 1)`,
  };
  if (!isTwo) return [results];
  const metadata = {
    client: `${name}, metadata`,
    count: instances * concurrency.max * 2,
    because: `${times([instances, "worker"])} x ${concurrency.max} tasks x 2`,
  };
  return [results, metadata];
}

function roleShares(stack: ConnectionInputs, role: Role): Share[] {
  const { schedulers, version } = stack;
  const isTwo = majorOf(version) === "2";
  if (role === "webserver") {
    const web = isTwo ? airflowNumber(stack, "webserver.workers", 2) : airflowNumber(stack, "api.workers", 1);
    // In Airflow 3 each process has a synchronous pool and an async one.
    return poolShares(stack, role, web, isTwo ? 1 : 2);
  }
  const because = times([schedulers, "instance"]);
  const results = { client: "scheduler, results", count: schedulers, because };
  return role === "scheduler" ? [...poolShares(stack, role), results] : poolShares(stack, role);
}

/** Roles whose next instance an update may start before an old one stops. */
const overlapping: readonly Role[] = ["scheduler", "webserver", "dag-processor"];

function updateShares(stack: ConnectionInputs): Share[] {
  if (!capabilities[stack.platform].overlaps) return [];
  const roles = rolesIn(stack.version).filter((role) => overlapping.includes(role));
  const single = { ...stack, schedulers: 1, webservers: 1 };
  const count = sum(roles.flatMap((role) => roleShares(single, role)));
  return [{ client: "update", count, because: `one more of each: ${roles.join(", ")}` }];
}

/** Lists the most connections that Airflow may open, by client. */
export function clientShares(stack: ConnectionInputs): Share[] {
  const { groups, version } = stack;
  const isTwo = majorOf(version) === "2";
  const shares = rolesIn(version).flatMap((role) => roleShares(stack, role));
  const own = triggerersOf(groups).flatMap(({ name, count }) =>
    poolShares(stack, "triggerer", 1, 1, [name, count]),
  );
  return [
    ...shares,
    ...own,
    ...updateShares(stack),
    ...(stack.canary ? [{ client: "canary", count: 1, because: "one proof at a time" }] : []),
    ...(stack.monitoring ? [{ client: "monitoring", count: 1, because: "one query at a time" }] : []),
    ...groups.flatMap((group) => taskShares(group, group.autoscale?.max ?? group.workers, isTwo)),
  ];
}

function backupShares({ backup: schedule }: ConnectionInputs): Share[] {
  if (!schedule) return [];
  const because = "a snapshot and a dump";
  return schedule.continuous
    ? [{ client: "backup", count: backup + continuous, because: `${because}, the log's place and its entry` }]
    : [{ client: "backup", count: backup, because }];
}

/** Lists the most connections at the server: Airflow's, or PgBouncer's and those of the clients that bypass it. */
export function serverShares(stack: ConnectionInputs): Share[] {
  const migrations = { client: "migration", count: migration, because: "its lock, its work, its progress" };
  const { pgbouncer, groups } = stack;
  const scaled = groups.filter(({ autoscale }) => autoscale).length;
  const scaling = {
    client: "KEDA",
    count: scaled * keda,
    because: `${times([scaled, "autoscaled group"])} x ${keda}`,
  };
  const direct = [migrations, ...(scaled > 0 ? [scaling] : []), ...backupShares(stack)];
  if (!pgbouncer) return [...clientShares(stack), ...direct];
  const because = `pgbouncer.poolSize is ${pgbouncer.poolSize}`;
  return [
    { client: "pgbouncer, metadata", count: pgbouncer.poolSize, because },
    { client: "pgbouncer, results", count: pgbouncer.poolSize, because },
    ...direct,
  ];
}

export function sum(shares: readonly Share[]): number {
  return shares.reduce((all, { count }) => all + count, 0);
}

/** Returns the most connections that the stack opens to Postgres. */
export function connectionBudget(stack: ConnectionInputs): number {
  return sum(serverShares(stack));
}

/** Returns the number of connections that the stack's own Postgres accepts, and the number that it keeps for superusers. */
export function serverLimits({ postgres: { settings } }: Pick<ConnectionInputs, "postgres">) {
  const numberOf = (name: keyof typeof serverDefaults) =>
    Number(givenSetting(settings, name)?.[1] ?? serverDefaults[name]);
  return { most: numberOf("max_connections"), reserved: numberOf("superuser_reserved_connections") };
}

/** Renders a budget as a table, a line for each share, the sum and the limit; `limited` says where the limit comes from. */
export function budgetTable(shares: readonly Share[], limit: number, limited: string): string {
  const rows = [
    ...shares,
    { client: "sum", count: sum(shares), because: "" },
    { client: "limit", count: limit, because: limited },
  ];
  const name = Math.max(...rows.map(({ client }) => client.length));
  const digits = Math.max(...rows.map(({ count }) => String(count).length));
  return rows
    .map(({ client, count, because }) =>
      `${client.padEnd(name)}  ${String(count).padStart(digits)}  ${because}`.trimEnd(),
    )
    .join("\n");
}
