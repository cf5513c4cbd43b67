import { modules } from "../modules.ts";

/** Files of a webserver that limit its concurrent requests to its database connections, wrong passwords and made-up cookies, and let it end without refusing a request. */
export const admissionFiles = modules(
  import.meta.url,
  "admission.py",
  "attempts.py",
  "closing.py",
  "cookies.py",
  "webserver.py",
);

/** Module of {@link admissionFiles} that starts all of this. */
export const admissionModule = "airflow_on_celery.webserver";
