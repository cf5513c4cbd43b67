import { rolesWhere } from "../roles.ts";
import { defaultVersion, rolesIn } from "../settings/schema/versions.ts";

/** Airflow's roles but for workers, sorted: each has one instance unless a stack counts it. */
export const controlRoles: readonly string[] = rolesIn(defaultVersion)
  .filter((role) => role !== "worker")
  .toSorted();

/** Roles of `controlRoles` that keep running: the migration ends. */
export const runningRoles = controlRoles.filter((role) => role !== "migration");

/** Roles of `runningRoles` that open the metadata database. */
export const databaseRoles: readonly string[] = rolesWhere(({ database }) => database?.includes("3") === true)
  .filter((role) => role !== "migration")
  .toSorted();
