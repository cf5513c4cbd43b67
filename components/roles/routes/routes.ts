import { modules } from "../modules.ts";

/** Files of a webserver that make its start and requests of tasks cheaper. */
export const routesFiles = modules(import.meta.url, "routes.py", "single_task.py");

/** Modules of {@link routesFiles} that must be imported before the application is built. */
export const routesModules = ["airflow_on_celery.routes", "airflow_on_celery.single_task"];
