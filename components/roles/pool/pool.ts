import { modules } from "../modules.ts";

/** Files of a worker that mend Celery's pool of processes, and share with them and their tasks what all need. */
export const poolFiles = modules(import.meta.url, "pool.py", "shared.py");

/** Modules of {@link poolFiles} that a worker imports at its start. */
export const poolModules = ["airflow_on_celery.pool", "airflow_on_celery.shared"] as const;
