import { modules } from "../roles/modules.ts";

/** The canary's DAG, a file of every worker. */
export const canaryFile = modules(import.meta.url, "canary.py");

/** Files of a container that runs proofs. */
export const proofFiles = modules(import.meta.url, "rows.py", "proof.py");

/** File of a container that repeats proofs. */
export const repeatFile = modules(import.meta.url, "repeat.py");
