import { modules } from "../modules.ts";

/** Files of a role that writes logs of Airflow 3 to the disk, and goes on if the disk is full. */
export const fullDiskFiles = modules(import.meta.url, "full_disk.py");

/** Module of {@link fullDiskFiles} that such a role imports at its start. */
export const fullDiskModule = "airflow_on_celery.full_disk";
