import type { Packages } from "../../images/derived.ts";
import { localImage } from "../../images/local.ts";
import type { ParsedConfig } from "../schema/schema.ts";

/** Returns the packages that a stack adds to Airflow's image; in a cluster, to the image built here. */
export function packagesOf(parsed: ParsedConfig): Packages | undefined {
  const { platform, images, version, requirements, systemPackages } = parsed;
  if (requirements === undefined && systemPackages.length === 0) return undefined;
  const own = localImage("airflow", version);
  const base = platform === "docker" ? (images.airflow ?? own) : own;
  return { base, requirements, systemPackages };
}
