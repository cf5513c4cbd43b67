import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What DAGs need besides Airflow. */
export interface Packages {
  /** The image that they are added to. */
  readonly base: string;
  /** A requirements.txt. */
  readonly requirements?: string | undefined;
  /** Debian packages. */
  readonly systemPackages: readonly string[];
}

/** The folder that describes how they are added. */
export const packagesFolder = join(import.meta.dirname, "packages");

/** The name of an image with packages: it follows what the image is made of, so a change is a new image. */
export function derivedImage({ base, requirements, systemPackages }: Packages): string {
  const hash = createHash("sha256").update(`${base}\0${systemPackages.toSorted().join(" ")}\0`);
  const files = [...["Dockerfile", "install"].map((file) => join(packagesFolder, file)), requirements];
  for (const file of files) hash.update(file === undefined ? "" : readFileSync(file)).update("\0");
  return `airflow-on-celery/packages:${hash.digest("hex").slice(0, 12)}`;
}
