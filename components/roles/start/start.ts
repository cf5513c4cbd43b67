import { readFileSync } from "node:fs";
import type { Values } from "../../../workload.ts";

const path = "/opt/airflow/start.py";

/** File that {@link airflowCommand} runs, and that programs beside it import first. */
export const startFile: Values = { [path]: readFileSync(new URL("start.py", import.meta.url), "utf8") };

/** The command `airflow ARGUMENT...`, for about 0.7 of the CPU time of its start. */
export function airflowCommand(...args: readonly string[]): readonly string[] {
  return ["python", path, ...args];
}
