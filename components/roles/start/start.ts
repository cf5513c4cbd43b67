import type { Values } from "../../../workload.ts";
import { programs } from "../modules.ts";

const folder = "/opt/airflow";

/** File that {@link airflowCommand} runs, and that programs in the same folder import first. */
export const startFile: Values = programs(folder, import.meta.url, "start.py");

/** Returns the command `airflow ARGUMENT...`; started by this file, it takes about 0.7 of the usual CPU time to start. */
export function airflowCommand(...args: readonly string[]): readonly string[] {
  return ["python", `${folder}/start.py`, ...args];
}

/** File that {@link flowerCommand} runs, beside {@link startFile}. */
export const flowerFile: Values = programs(folder, import.meta.url, "flower_start.py");

/** Returns the command `airflow celery flower ARGUMENT...`, in 45 instead of 115 MiB. */
export function flowerCommand(...args: readonly string[]): readonly string[] {
  return ["python", `${folder}/flower_start.py`, ...args];
}
