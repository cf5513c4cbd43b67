import { modules } from "../modules.ts";

/** Files of a webserver that limit its concurrent requests to its database connections, and wrong passwords. */
export const admissionFiles = modules(import.meta.url, "admission.py", "attempts.py", "webserver.py");

/** Module of {@link admissionFiles} that starts the limits. */
export const admissionModule = "airflow_on_celery.webserver";
