import { modules } from "../roles/modules.ts";

/** File of a worker: the DAG of the canary. */
export const canaryFile = modules(import.meta.url, "canary.py");

/** Files of a role that runs proofs. */
export const proofFiles = modules(import.meta.url, "rows.py", "proof.py");
