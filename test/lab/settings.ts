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

/** This machine, as the nodes and their pods reach it. */
export const machine = "10.88.0.254";

/** The lab's registry, as Docker and the nodes name it. */
export const registry = "127.0.0.1:5055";
