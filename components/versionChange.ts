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

/**
 * Refuses another version than the deployed one.
 * @param outputs outputs of the last deployment
 * @throws pulumi.RunError if `version` is another one
 */
export function checkVersion(
  version: string,
  { version: deployed }: Readonly<Record<string, unknown>>,
  stack: string,
): void {
  const fault = versionFault(version, typeof deployed === "string" ? deployed : undefined, stack);
  if (fault !== undefined) throw new pulumi.RunError(fault);
}
