import * as pulumi from "@pulumi/pulumi";
import { stackFlag } from "../settings/model/names/stackFlag.ts";
import { isOlder } from "../settings/schema/versions.ts";

/**
 * Explains why a deployment may not change the version of a stack with data: the schema of the database cannot be
 * downgraded, and `npm run upgrade` prepares a way back before it migrates.
 * @param deployed version that migrated the database; undefined if there is none
 * @param stack name of the stack
 */
export function versionFault(
  version: string,
  deployed: string | undefined,
  stack: string,
): string | undefined {
  if (deployed === undefined || version === deployed) return undefined;
  const flag = stackFlag(stack);
  const rest = isOlder(version, deployed)
    ? `or a newer one: the schema of the database cannot be downgraded. Set version to ${deployed}, or restore a backup ` +
      `from before the upgrade (npm run backup -- --list${flag}): npm run restore -- --from ID${flag}`
    : `since its database must be migrated. npm run upgrade -- --to ${version}${flag} does that, with a way back`;
  return `version is ${version}; expected ${deployed}, which is deployed, ${rest}.`;
}

/** An upgrade that has not ended. */
export interface OpenUpgrade {
  readonly from: string;
  readonly to: string;
  /** Person and machine: `user@host`. */
  readonly who: string;
  /** Time of its begin, in ISO 8601. */
  readonly at: string;
  /** Id of the backup of the data before the migration, once there is one. */
  readonly backup?: string;
}

/**
 * Output with an upgrade that has not ended. `npm run upgrade` writes it into the state, where every machine with the
 * same backend finds it; a deployment that ends leaves it out.
 */
export const upgradeOutput = "upgrade";

/** Returns the upgrade that has not ended, according to the outputs of a stack. */
export function openUpgrade(outputs: Readonly<Record<string, unknown>>): OpenUpgrade | undefined {
  return outputs[upgradeOutput] as OpenUpgrade | undefined;
}

/** Explains why nothing else may be deployed while an upgrade is open, and the way out if its machine is lost. */
export function openUpgradeFault({ from, to, who, at, backup }: OpenUpgrade, stack: string): string {
  const flag = stackFlag(stack);
  const only = flag && ` --${flag}`;
  const lost =
    backup === undefined
      ? `set version to ${from}, then AIRFLOW_UPGRADE=true npm run up${only}: no data was touched`
      : `npm run restore -- --from ${backup}${flag} puts back the data from before`;
  return (
    `An upgrade of stack ${stack} from ${from} to ${to}, which ${who} began at ${at.slice(0, 16)}, has not ended; expected ` +
    `its end: npm run upgrade${only} there. If that machine is lost, ${lost}.`
  );
}

/**
 * Refuses another version than the deployed one, and any deployment beside an upgrade.
 * @param outputs outputs of the last deployment
 * @throws pulumi.RunError if `version` is another one, or an upgrade has not ended
 */
export function checkVersion(
  version: string,
  outputs: Readonly<Record<string, unknown>>,
  stack: string,
): void {
  const { version: deployed } = outputs;
  const open = openUpgrade(outputs);
  const fault = open
    ? openUpgradeFault(open, stack)
    : versionFault(version, typeof deployed === "string" ? deployed : undefined, stack);
  if (fault !== undefined) throw new pulumi.RunError(fault);
}
