import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The images that can be built from the folders beside this file, and what is in them. */
const versions = { airflow: "3.3.2", redis: "7", postgres: "15", gateway: "2.6", pgbouncer: "1.18" };

export type ImageName = keyof typeof versions;

/** The name that an image built here has: it follows the content of its folder, so a change is a new image. */
export function localImage(name: ImageName): string {
  const folder = join(import.meta.dirname, name);
  const hash = createHash("sha256");
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    hash
      .update(`${file.slice(folder.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return `airflow-on-celery/${name}:${versions[name]}-${hash.digest("hex").slice(0, 12)}`;
}
