import { modules } from "../modules.ts";

/** Files of a worker that mend Celery's pool of processes. */
export const poolFiles = modules(import.meta.url, "pool.py");

/** Module of {@link poolFiles} that a worker imports at its start. */
export const poolModule = "airflow_on_celery.pool";
