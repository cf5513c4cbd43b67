import { modules } from "../modules.ts";

/** Files of a role that reads the database, and tells what it cannot read from what is not there. */
export const absenceFiles = modules(import.meta.url, "absence.py");

/** Module of {@link absenceFiles} that such a role imports at its start. */
export const absenceModule = "airflow_on_celery.absence";

/** Files of a worker whose tasks tell what the webserver could not tell them from what is not there. */
export const answersFiles = modules(import.meta.url, "answers.py");

/** Module of {@link answersFiles} that such a worker imports at its start. */
export const answersModule = "airflow_on_celery.answers";
