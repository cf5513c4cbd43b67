import { modules } from "../modules.ts";

/** Files of a webserver that shorten its start. */
export const routesFiles = modules(import.meta.url, "routes.py");

/** Module of {@link routesFiles} that must be imported before the application is built. */
export const routesModule = "airflow_on_celery.routes";
