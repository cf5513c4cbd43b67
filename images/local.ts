import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { defaultVersion } from "../settings/schema/versions.ts";

/** Versions in the images that are built from the folders beside this file; Airflow's is the stack's. */
const versions = {
  airflow: undefined,
  redis: "7",
  postgres: "15",
  gateway: "2.6",
  pgbouncer: "1.18",
  backup: "15",
  monitoring: "2.42",
};

/** Start of the names of images that are built here, which no registry has. */
export const builtHere = "airflow-on-celery/";

export type ImageName = keyof typeof versions;

const lock = /^requirements-(.+)\.(lock|in)$/;

/** Lists the versions of Airflow that can be built here: each has a lock of its packages. */
export function builtVersions(): readonly string[] {
  const files = readdirSync(join(import.meta.dirname, "airflow"));
  return files.flatMap((file) => (file.endsWith(".lock") ? (lock.exec(file)?.[1] ?? []) : [])).sort();
}

/** File with the time of the last refresh, if there was one: the images after it are others. */
export const refreshFile = join(import.meta.dirname, "refreshed");

/** Returns the time of the last refresh; empty without one. */
export function refreshedAt(): string {
  return existsSync(refreshFile) ? readFileSync(refreshFile, "utf8").trim() : "";
}

/** True if a file goes into the image of a version: all but the locks of other versions. */
function isFor(version: string, file: string): boolean {
  const [, owner, kind] = lock.exec(file) ?? [];
  return owner === undefined || (owner === version && kind === "lock");
}

/**
 * Names an image that is built here after a hash of its contents, so that a change is a new image.
 * @param airflow version of Airflow; the other images are the same for all versions
 * @param refreshed time of the last refresh, from which on the same files make another image
 */
export function localImage(name: ImageName, airflow = defaultVersion, refreshed = refreshedAt()): string {
  const folder = join(import.meta.dirname, name);
  const hash = createHash("sha256");
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => isFor(airflow, path))
    .sort()) {
    hash
      .update(`/${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update("\0");
  }
  hash.update(refreshed);
  return `${builtHere}${name}:${versions[name] ?? airflow}-${hash.digest("hex").slice(0, 12)}`;
}
