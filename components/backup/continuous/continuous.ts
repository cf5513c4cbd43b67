import { programs } from "../../roles/modules.ts";
import { backupPrograms } from "../folder.ts";

/** Programs that keep the log of the database, and make a backup as of any moment. */
export const continuousFiles = programs(
  backupPrograms,
  import.meta.url,
  "base.py",
  "mirror.py",
  "moment.py",
  "wal.py",
);
