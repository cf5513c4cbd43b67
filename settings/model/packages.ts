import { capabilities } from "../../capabilities.ts";
import type { Packages } from "../../images/derived.ts";
import { localImage } from "../../images/local.ts";
import type { ParsedConfig } from "../schema/schema.ts";

/** Paths of the parts of a stack that decide the packages of Airflow's image. */
export const packageParts = [
  "platform",
  "images.airflow",
  "version",
  "requirements",
  "systemPackages",
] as const;

type PackageInputs = Pick<ParsedConfig, "platform" | "version" | "requirements" | "systemPackages"> & {
  readonly images: Pick<ParsedConfig["images"], "airflow">;
};

/** Returns the packages that a stack adds to Airflow's image, with the image to add them to; undefined without packages. */
export function packagesOf(parsed: PackageInputs): Packages | undefined {
  const { platform, images, version, requirements, systemPackages } = parsed;
  if (requirements === undefined && systemPackages.length === 0) return undefined;
  const built = localImage("airflow", version);
  const base = capabilities[platform].localImages ? (images.airflow ?? built) : built;
  return { base, requirements, systemPackages };
}
