import { readFileSync } from "node:fs";
import type { Settings } from "../../../settings/model/groups.ts";
import { bucketIn } from "../../../settings/schema/upkeep/destination.ts";
import type { Platform, Target, Values } from "../../../workload.ts";
import { readSecret } from "../../readSecret.ts";
import { programs } from "../../roles/modules.ts";
import { backupPrograms } from "../folder.ts";

const authoritiesFile = `${backupPrograms}/bucket-ca.pem`;

/** Programs that copy backups to a bucket. */
export const bucketFiles = programs(backupPrograms, import.meta.url, "bucket.py", "copies.py", "owners.py");

/** Additions to the container of the backups for a bucket that gets copies. */
interface BucketAccess {
  /** Settings of `bucket.py`. */
  readonly about: Readonly<Record<string, unknown>>;
  readonly secrets: Values;
  readonly files: Values;
  /** The store, which may be at any address, and what hands out identities. */
  readonly reaches: readonly Target[];
}

/** Agent of EKS Pod Identity on each node. */
const podIdentity = { outside: "pod-identity", port: 80, address: "169.254.170.23" };

/** Returns the port of an http or https URL. */
function portOf(endpoint: string): number {
  const { port, protocol } = new URL(endpoint);
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
}

/** Returns what a container needs to copy backups to a bucket; undefined without one. */
export function bucketAccess(
  { to, endpoint, region, accessKey, secretKey, ca }: NonNullable<Settings["backup"]>,
  platform: Platform,
): BucketAccess | undefined {
  const bucket = bucketIn(to);
  if (!bucket) return undefined;
  const place = to.replace(/\/$/, "") + (endpoint === undefined ? "" : ` at ${endpoint}`);
  const port = endpoint === undefined ? 443 : portOf(endpoint);
  // A pod without a login gets one from a service of the cloud, over https, or from an agent on its node.
  const ports = accessKey === undefined ? new Set([port, 443]) : [port];
  const agents = accessKey === undefined ? [podIdentity] : [];
  return {
    about: { ...bucket, place, endpoint, region, ...(ca !== undefined && { ca: authoritiesFile }) },
    secrets: {
      ...(accessKey !== undefined && { bucket_access_key: readSecret(accessKey, platform) }),
      ...(secretKey !== undefined && {
        bucket_secret_key: readSecret(secretKey, platform),
      }),
    },
    files: ca === undefined ? {} : { [authoritiesFile]: readFileSync(ca, "utf8") },
    reaches: [...[...ports].map((port) => ({ outside: "bucket", port })), ...agents],
  };
}
