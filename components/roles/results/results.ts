import { modules } from "../modules.ts";

/** Files of a role that uses Celery's results, and makes their tables without a race. */
export const resultsFiles = modules(import.meta.url, "results.py");

/** Module of {@link resultsFiles} that such a role imports at its start. */
export const resultsModule = "airflow_on_celery.results";
