import type { ImageName } from "../images/local.ts";
import type { Settings } from "../settings/model/groups.ts";
import { type DockerMachine, homeOf, machinesOf } from "./machines.ts";

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

/** Lists the images that a machine of a stack needs. */
export function imagesOn(machine: DockerMachine, settings: Settings): string[] {
  const machines = machinesOf(settings);
  const everywhere = (name: ImageName) => name === "airflow" || name === "gateway";
  const here = usedImages(settings).filter(
    (name) => everywhere(name) || homeOf(name, machines)?.name === machine.name,
  );
  return here.map((name) => settings.images[name]);
}
