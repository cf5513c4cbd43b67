import type { Settings } from "../../settings/model/groups.ts";

/** Kinds of entries that can be declared in Airflow's database. */
const declarationKinds = ["connections", "variables", "pools", "users"] as const;

/** Names by kind, sorted. */
export type Names = Readonly<Record<(typeof declarationKinds)[number], readonly string[]>>;

/** Names that a stack declares, or once declared, in Airflow. */
export interface Declared {
  readonly declared: Names;
  /** Names that were once declared, and stay in Airflow. */
  readonly undeclared: Names;
  /** Names that were once declared, and are deleted from Airflow. */
  readonly deleted: Names;
}

function byKind(names: (kind: (typeof declarationKinds)[number]) => readonly string[]): Names {
  const entries = declarationKinds.map((kind) => [kind, [...new Set(names(kind))].sort()]);
  return Object.fromEntries(entries) as Names;
}

export const noNames = byKind(() => []);

export function isNothing(names: Names): boolean {
  return declarationKinds.every((kind) => names[kind].length === 0);
}

function spelled(names: Names): readonly string[] {
  return declarationKinds.flatMap((kind) => names[kind].map((name) => `${kind}.${name}`));
}

/** Converts a record to stack outputs for the next deployment, names as `pools.api`; omits empty lists. */
export function outputsOf(record: Declared): Readonly<Record<string, readonly string[]>> {
  const outputs = Object.entries(record).map(([output, names]) => [output, spelled(names)] as const);
  return Object.fromEntries(outputs.filter(([, names]) => names.length > 0));
}

/** True for what stays whatever is declared: Airflow's tasks without a pool need the default pool, and commands the administrator. */
function isKept(kind: keyof Names, name: string, { adminUser }: Settings): boolean {
  return kind === "pools" ? name === "default_pool" : kind === "users" && isSameUser(name, adminUser);
}

/** Compares users' names as Airflow does. */
function isSameUser(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function parseNames(spelt: unknown): Names {
  const all = Array.isArray(spelt) ? spelt.map(String) : [];
  return byKind((kind) =>
    all.filter((name) => name.startsWith(`${kind}.`)).map((name) => name.slice(kind.length + 1)),
  );
}

/** Lists the names that a stack declares. */
export function declaredNames(settings: Settings): Names {
  return byKind((kind) => Object.keys(settings[kind]));
}

/**
 * Compares the names that a stack declares with those that the last deployment recorded.
 * @param previous outputs of the last deployment
 */
export function recordOf(settings: Settings, previous: Readonly<Record<string, unknown>>): Declared {
  const before = {
    declared: parseNames(previous.declared),
    undeclared: parseNames(previous.undeclared),
    deleted: parseNames(previous.deleted),
  };
  const declared = declaredNames(settings);
  // A name stays in the list, so that a repeated deployment is identical; it is deleted once.
  const past = [before.declared, before.undeclared, ...(settings.deleteUndeclared ? [before.deleted] : [])];
  const isDeclared = (kind: keyof Names, name: string) =>
    declared[kind].some((one) => (kind === "users" ? isSameUser(one, name) : one === name));
  const gone = byKind((kind) =>
    past
      .flatMap((names) => names[kind])
      .filter((name) => !isDeclared(kind, name) && !isKept(kind, name, settings)),
  );
  return settings.deleteUndeclared
    ? { declared, undeclared: noNames, deleted: gone }
    : { declared, undeclared: gone, deleted: noNames };
}

/** Writes a warning for each name that is no longer declared but stays in Airflow. */
export function leftOver({ undeclared }: Declared): readonly string[] {
  return declarationKinds.flatMap((kind) =>
    undeclared[kind].map(
      (name) =>
        `${kind}.${name} is no longer declared, and stays in Airflow. Declare it again, or have it deleted with ` +
        "everything else that is no longer declared: airflow:deleteUndeclared: true",
    ),
  );
}
