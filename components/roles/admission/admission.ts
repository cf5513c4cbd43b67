import { modules } from "../modules.ts";

/** File of a webserver that guards the cookies of people who are logged in. */
export const cookieFiles = modules(import.meta.url, "cookies.py");

/** Module of {@link cookieFiles}. */
export const cookieModule = "airflow_on_celery.cookies";

/** Files of a webserver that limit its concurrent requests to its database connections, wrong passwords and cookies, and let it end without refusing a request. */
export const admissionFiles = {
  ...cookieFiles,
  ...modules(import.meta.url, "admission.py", "attempts.py", "closing.py", "webserver.py"),
};

/** Module of {@link admissionFiles} that starts all of this. */
export const admissionModule = "airflow_on_celery.webserver";
