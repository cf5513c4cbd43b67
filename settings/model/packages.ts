import { capabilities } from "../../capabilities.ts";
import type { Packages } from "../../images/derived.ts";
import { localImage } from "../../images/local.ts";
import type { ParsedConfig } from "../schema/schema.ts";

/** Parts of a stack that decide the packages of Airflow's image. */
export const packageParts = [
  "platform",
  "images.airflow",
  "version",
  "requirements",
  "systemPackages",
] as const;

type Packing = Pick<ParsedConfig, "platform" | "version" | "requirements" | "systemPackages"> & {
  readonly images: Pick<ParsedConfig["images"], "airflow">;
};

/** Returns the packages that a stack adds to Airflow's image; to the image built here, if it is to be pushed. */
export function packagesOf(parsed: Packing): Packages | undefined {
  const { platform, images, version, requirements, systemPackages } = parsed;
  if (requirements === undefined && systemPackages.length === 0) return undefined;
  const own = localImage("airflow", version);
  const base = capabilities[platform].localImages ? (images.airflow ?? own) : own;
  return { base, requirements, systemPackages };
}
