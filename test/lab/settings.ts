import { homedir } from "node:os";
import { join } from "node:path";

// Keep values as in settings.sh.

/** Directory of the lab's state. */
export const state = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "airflow-on-celery",
  "lab",
);

export const nodes = ["node1", "node2"] as const;
export type Node = (typeof nodes)[number];

/** Address of this machine for the nodes and their pods. */
export const machine = "10.88.0.254";

/** Address of the lab's registry for Docker and the nodes. */
export const registry = "127.0.0.1:5055";
