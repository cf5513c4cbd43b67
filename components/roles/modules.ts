import { readFileSync } from "node:fs";
import type { Values } from "../../workload.ts";

/** Folder of Airflow's configuration whose modules its processes import as `airflow_on_celery`. */
export const moduleFolder = "/opt/airflow/config/airflow_on_celery";

/**
 * Reads the stack's own Python modules, as files of a role.
 * @param beside URL of the TypeScript file beside the modules
 */
export function modules(beside: string, ...names: readonly string[]): Values {
  const texts = names.map((name) => [`${moduleFolder}/${name}`, readFileSync(new URL(name, beside), "utf8")]);
  return Object.fromEntries(texts);
}
