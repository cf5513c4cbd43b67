import { modules } from "../modules.ts";

/** Files of a role that uses Celery's results: it makes their tables without a race, and reads nothing but plain data. */
export const resultsFiles = modules(import.meta.url, "plain.py", "results.py");

/** Module of {@link resultsFiles} that such a role imports at its start. */
export const resultsModule = "airflow_on_celery.results";
