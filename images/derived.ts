import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { builtHere } from "./local.ts";

/** Packages that DAGs need besides Airflow. */
export interface Packages {
  /** Image to which the packages are added. */
  readonly base: string;
  /** Path of a requirements.txt. */
  readonly requirements?: string | undefined;
  /** Debian packages. */
  readonly systemPackages: readonly string[];
}

/** Folder of the Dockerfile that adds the packages. */
export const packagesFolder = join(import.meta.dirname, "packages");

/** Names an image with packages after a hash of its contents, so that a change is a new image. */
export function derivedImage({ base, requirements, systemPackages }: Packages): string {
  const hash = createHash("sha256").update(`${base}\0${systemPackages.toSorted().join(" ")}\0`);
  const files = [
    ...["Dockerfile", "install", "uv.txt"].map((file) => join(packagesFolder, file)),
    requirements,
  ];
  for (const file of files) hash.update(file === undefined ? "" : readFileSync(file)).update("\0");
  return `${builtHere}packages:${hash.digest("hex").slice(0, 12)}`;
}
