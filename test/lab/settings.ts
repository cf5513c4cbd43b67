import { homedir } from "node:os";
import { join } from "node:path";

// The same as in settings.sh.

/** Where the lab keeps what it is. */
export const state = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "airflow-on-celery",
  "lab",
);

export const nodes = ["node1", "node2"] as const;
export type Node = (typeof nodes)[number];

/** The lab's registry, as Docker and the nodes name it. */
export const registry = "127.0.0.1:5055";
