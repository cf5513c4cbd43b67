import { readFileSync } from "node:fs";
import type { Values } from "../../../workload.ts";

const path = "/opt/airflow/start.py";

/** File that {@link airflowCommand} runs, and that programs in the same folder import first. */
export const startFile: Values = { [path]: readFileSync(new URL("start.py", import.meta.url), "utf8") };

/** Returns the command `airflow ARGUMENT...`; started by this file, it takes about 0.7 of the usual CPU time to start. */
export function airflowCommand(...args: readonly string[]): readonly string[] {
  return ["python", path, ...args];
}
