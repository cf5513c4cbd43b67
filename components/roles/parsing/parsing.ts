import { modules } from "../modules.ts";

/** Files of a DAG processor that reads many DAG files more rarely than every 30 s, unless they change. */
export const parsingFiles = modules(import.meta.url, "parsing.py");

/** Module of {@link parsingFiles} that a DAG processor imports at its start. */
export const parsingModule = "airflow_on_celery.parsing";
