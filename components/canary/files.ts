import { modules } from "../roles/modules.ts";

/** The canary's DAG, a file of every worker, with the names that programs of Airflow's roles share. */
export const canaryFile = modules(import.meta.url, "canaries.py", "canary.py");

/** Files of a container that runs proofs. */
export const proofFiles = modules(import.meta.url, "canaries.py", "rows.py", "proof.py");

/** File of a container that repeats proofs. */
export const repeatFile = modules(import.meta.url, "repeat.py");
