import { modules } from "../roles/modules.ts";

/** File of a worker: the DAG of the canary. */
export const canaryFile = modules(import.meta.url, "canary.py");

/** Files of a container that runs proofs. */
export const proofFiles = modules(import.meta.url, "rows.py", "proof.py");

/** File of a container that runs proofs again and again. */
export const repeatFile = modules(import.meta.url, "repeat.py");
