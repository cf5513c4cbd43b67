import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run, waitFor } from "../../../tools/lib/process.ts";
import type { TestStack } from "../../live/lib/harness.ts";

/** Databases with their owners and the secrets with their passwords. */
const databases = {
  metadata: ["airflow", "airflow", "metadata_password"],
  results: ["airflow_results", "airflow_results", "results_password"],
} as const;

/** Runs a file of SQL in a database of the stack; prints its lines as they come. */
async function fillFrom(
  stack: TestStack,
  file: string,
  database: keyof typeof databases,
  instances: number,
): Promise<void> {
  const psql =
    'PGPASSWORD=$(cat "/run/secrets/$3") psql -h 127.0.0.1 -d "$1" -U "$2" -v ON_ERROR_STOP=1 -v "instances=$4" -qAt';
  await run(
    "docker",
    [
      "exec",
      "--interactive",
      `${stack.prefix}-postgres`,
      ...["sh", "-c", psql, "psql", ...databases[database], String(instances)],
    ],
    {
      input: readFileSync(join(import.meta.dirname, file), "utf8"),
      hear: (chunk) => process.stdout.write(chunk.replace(/^(?=.)/gm, "  ")),
    },
  );
}

/** Fills the databases of a stack with the past: task instances, and the rows that Airflow has beside them. */
export async function fill(stack: TestStack, instances: number): Promise<void> {
  await waitFor("the DAGs of the past to be read", 300, () => stack.api.call("/dags/past_19"));
  const { version } = stack.outputs;
  await fillFrom(stack, version.startsWith("2.") ? "airflow2.sql" : "airflow3.sql", "metadata", instances);
  await fillFrom(stack, "metadata.sql", "metadata", instances);
  await fillFrom(stack, "results.sql", "results", instances);
}
