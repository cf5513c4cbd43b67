import * as pulumi from "@pulumi/pulumi";
import { isOlder } from "../settings/schema/versions.ts";

/**
 * Rejects a version older than the Airflow that migrated the database, whose schema cannot go back.
 * @param outputs outputs of the last deployment
 * @throws pulumi.RunError if `version` is older than the deployed one
 */
export function checkDowngrade(version: string, outputs: Readonly<Record<string, unknown>>): void {
  const { version: deployed } = outputs;
  if (typeof deployed !== "string" || !isOlder(version, deployed)) return;
  throw new pulumi.RunError(
    `version is ${version}; expected ${deployed}, which is deployed, or a newer one: its database cannot go back. ` +
      `Set version to ${deployed}, or deploy ${version} as another stack, with a backup from before the upgrade.`,
  );
}
