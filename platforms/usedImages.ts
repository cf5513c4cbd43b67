import type { ImageName } from "../images/local.ts";
import type { Settings } from "../settings/model/groups.ts";
import { machinesOf } from "./machines.ts";

/** Lists the images that a stack uses. */
export function usedImages(settings: Settings): ImageName[] {
  const used: Readonly<Record<ImageName, boolean>> = {
    airflow: true,
    postgres: settings.postgres.url === undefined,
    redis: settings.redis.url === undefined,
    gateway: machinesOf(settings).length > 1 || settings.publish !== undefined,
    pgbouncer: settings.pgbouncer !== undefined,
    backup: settings.backup !== undefined,
    monitoring: settings.monitoring !== undefined,
  };
  return (Object.keys(used) as ImageName[]).filter((name) => used[name]);
}
