import type { Major } from "../../../roles.ts";
import { majorOf } from "../../../settings/schema/versions.ts";
import { airflow2 } from "./airflow2.ts";
import { airflow3 } from "./airflow3.ts";
import type { AirflowVersion } from "./version.ts";

const versions: Readonly<Record<Major, AirflowVersion>> = { 2: airflow2, 3: airflow3 };

/** Returns the table for a stack's version of Airflow. */
export function versionOf(version: string): AirflowVersion {
  return versions[majorOf(version)];
}
