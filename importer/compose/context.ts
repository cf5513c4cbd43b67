import { rolesIn } from "../../settings/schema/versions.ts";
import { type ConvertedKey, noRole, type Outcome } from "../rule.ts";
import type { ProcessCount } from "../settings.ts";
import type { SourcePath, Tree } from "../source.ts";
import { variableOf } from "./lookup.ts";
import { runningRoles } from "./roles.ts";
import { type ComposeService, runningServices } from "./services.ts";

/** Kind of a path on this machine, and its spelling in a stack file. */
export interface Folder {
  readonly kind: "directory" | "file" | "nothing";
  readonly absolute: string;
  /** Path relative to the project, if inside it. */
  readonly spelt: string;
}

/** Looks up a path of a compose file. */
export type FolderLookup = (path: string) => Folder;

/** Files beside a compose file, by paths relative to its folder. */
export interface Disk {
  readonly look: FolderLookup;
  /** Returns the text of a file; undefined if there is none. */
  readonly read: (path: string) => string | undefined;
  /** Lists the names in a folder. */
  readonly list: (path: string) => readonly string[];
}

/** Facts about a whole compose file, for the rules of its items. */
export interface ComposeFacts extends Disk {
  readonly services: readonly ComposeService[];
  /** The whole file. */
  readonly tree: Tree;
  /** Hosts that the file itself provides. */
  readonly hosts: ReadonlySet<string>;
  readonly metadataUrl?: string | undefined;
  /** Airflow's version, once imported. */
  readonly version: string;
  /** Airflow's home in the containers. */
  readonly home: string;
  /** Folder of DAG files in the containers. */
  readonly dagsFolder: string;
}

/** Context of an item. */
export interface ComposeContext extends ComposeFacts {
  /** Services that have the item. */
  readonly users: readonly ComposeService[];
}

/** Lists the keys of `roles` for the services that have an item: `all`, or some roles. */
export function rolesOf(context: ComposeContext): string[] {
  const { users, services } = context;
  const running = runningServices(services);
  const isOfAll = running.length > 1 && running.every((service) => users.includes(service));
  return isOfAll ? ["all"] : singleRolesOf(context);
}

/** Lists the roles that have an item. */
export function singleRolesOf({ users, version }: ComposeContext): string[] {
  const rolesOfVersion: readonly string[] = rolesIn(version);
  const rolesOfUsers = new Set(users.flatMap((user) => user.roles));
  return [...runningRoles, "migration"].filter(
    (role) => rolesOfUsers.has(role) && rolesOfVersion.includes(role),
  );
}

/** Lists a target for each role that has the item: the keys `["env", "TZ"]` are those of `roles.ROLE.env.TZ`. */
export function roleTargets(context: ComposeContext, keys: SourcePath, value: unknown): ConvertedKey[] {
  return rolesOf(context).map((role) => ({ path: ["roles", role, ...keys], value }));
}

/** Takes over values for roles, if the stack has one of the roles. */
export function takenByRoles(targets: readonly ConvertedKey[], note?: string): Outcome {
  return targets.length > 0 ? { kind: "taken", targets, note } : noRole;
}

/**
 * Lists the worker groups that read a setting of their processes in an item: the flags of their commands override it, and
 * limits of autoscaling the number.
 */
export function readingGroups({ users }: ComposeContext, setting: ProcessCount): readonly SourcePath[] {
  const workers = users.flatMap(({ worker, tree }) => (worker ? [{ ...worker, tree }] : []));
  if (workers.length === 0) return [[]];
  const reading = workers.filter(
    ({ flags, tree }) =>
      flags.autoscale === undefined &&
      (setting === "autoscale" || (flags.concurrency === undefined && !isAutoscaled(tree))),
  );
  return [...new Set(reading.map(({ group }) => group.path))];
}

/** True if a service's variables have limits of autoscaling. */
export function isAutoscaled(tree: Tree): boolean {
  return Boolean(variableOf(tree, "AIRFLOW__CELERY__WORKER_AUTOSCALE"));
}

/** Lists the worker groups that have an item, as paths of the stack; the path of the default group is []. */
export function groupPaths({ users }: ComposeContext): SourcePath[] {
  return [...new Set(users.flatMap(({ worker }) => (worker ? [worker.group.path] : [])))];
}
