import { rolesWhere } from "../roles.ts";
import { defaultVersion, rolesIn } from "../settings/schema/versions.ts";

/** Airflow's roles except workers, sorted; each has one instance unless the stack sets a number. */
export const controlRoles: readonly string[] = rolesIn(defaultVersion)
  .filter((role) => role !== "worker")
  .toSorted();

/** Roles of `controlRoles` that keep running, unlike the migration. */
export const runningRoles = controlRoles.filter((role) => role !== "migration");

/** Roles of `runningRoles` that open the metadata database. */
export const databaseRoles: readonly string[] = rolesWhere(({ database }) => database?.includes("3") === true)
  .filter((role) => role !== "migration")
  .toSorted();
