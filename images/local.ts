import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { defaultVersion } from "../settings/schema/versions.ts";

/** What is in the images that can be built from the folders beside this file; the version of Airflow is the stack's. */
const versions = { airflow: undefined, redis: "7", postgres: "15", gateway: "2.6", pgbouncer: "1.18" };

export type ImageName = keyof typeof versions;

const lock = /^requirements-(.+)\.(lock|in)$/;

/** The versions of Airflow that can be built here: each has a lock of its packages. */
export function builtVersions(): readonly string[] {
  const files = readdirSync(join(import.meta.dirname, "airflow"));
  return files.flatMap((file) => (file.endsWith(".lock") ? (lock.exec(file)?.[1] ?? []) : [])).sort();
}

/** Whether a file goes into the image of a version: what only another one uses does not. */
function isFor(version: string, file: string): boolean {
  const [, owner, kind] = lock.exec(file) ?? [];
  return owner === undefined || (owner === version && kind === "lock");
}

/**
 * The name that an image built here has: it follows what the image is made of, so a change is a new image.
 * @param airflow version of Airflow; the other images are the same for all
 */
export function localImage(name: ImageName, airflow = defaultVersion): string {
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
  return `airflow-on-celery/${name}:${versions[name] ?? airflow}-${hash.digest("hex").slice(0, 12)}`;
}
