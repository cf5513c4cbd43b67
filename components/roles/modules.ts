import { readFileSync } from "node:fs";
import type { Values } from "../../workload.ts";

/** Folder of Airflow's configuration whose modules its processes import as `airflow_on_celery`. */
export const moduleFolder = "/opt/airflow/config/airflow_on_celery";

/**
 * Reads programs of the stack's own, as files in a folder of a container.
 * @param beside URL of the TypeScript file beside the programs
 */
export function programs(folder: string, beside: string, ...names: readonly string[]): Values {
  const texts = names.map((name) => [`${folder}/${name}`, readFileSync(new URL(name, beside), "utf8")]);
  return Object.fromEntries(texts);
}

/** Reads Python modules of the stack's own, as {@link programs} does. */
export function modules(beside: string, ...names: readonly string[]): Values {
  return programs(moduleFolder, beside, ...names);
}

/** Renders a Python module of constants, from values that Python writes as JSON does. */
export function constants(
  module: string,
  values: Readonly<Record<string, number | readonly string[]>>,
): Values {
  const lines = Object.entries(values).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  return { [`${moduleFolder}/${module}.py`]: lines.join("") };
}
