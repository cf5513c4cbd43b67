import { readFileSync } from "node:fs";
import type { Values } from "../../workload.ts";

/** Importable by Airflow's processes as `airflow_on_celery`: a folder of its configuration. */
export const moduleFolder = "/opt/airflow/config/airflow_on_celery";

/**
 * Python modules of the stack's own, as files of a role.
 * @param beside URL of the TypeScript file that they are beside
 */
export function modules(beside: string, ...names: readonly string[]): Values {
  const texts = names.map((name) => [`${moduleFolder}/${name}`, readFileSync(new URL(name, beside), "utf8")]);
  return Object.fromEntries(texts);
}
