import { modules } from "../modules.ts";

/** Files of a webserver, which lets no more requests in than it has database connections. */
export const admissionFiles = modules(import.meta.url, "admission.py", "webserver.py");

/** Module of {@link admissionFiles} that starts it. */
export const admissionModule = "airflow_on_celery.webserver";
