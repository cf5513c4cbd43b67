import type * as pulumi from "@pulumi/pulumi";
import type { Role } from "../../roles.ts";
import { dagsFolder } from "../../settings/model/names/ownNames.ts";
import type { Job, Platform, Service, Target, Values, Volume } from "../../workload.ts";
import { runtimeDirectory } from "../../workload.ts";
import type { RetentionFiles } from "../retention/retention.ts";
import type { Environment } from "./environment.ts";
import type { ExtrasByRole } from "./extras.ts";
import { localSettings } from "./localSettings/localSettings.ts";
import { startFile } from "./start/start.ts";
import type { AirflowVersion } from "./versions/version.ts";

/** Arguments that all roles of Airflow share. */
export interface RoleArgs {
  readonly platform: Platform;
  readonly image: pulumi.Input<string>;
  readonly version: AirflowVersion;
  readonly environment: Environment;
  /** Additions of a stack to its roles. */
  readonly extras: ExtrasByRole;
  /** DAG files, read-only, where they are not in the image or a repository. */
  readonly dags?: Volume | undefined;
  /** Task logs, shared by all roles: readable after their worker is gone. Absent with remote logs. */
  readonly logs?: Volume | undefined;
  readonly retention: RetentionFiles;
  readonly redis: Target;
  /** Server of the metadata. */
  readonly postgres: Target;
  /** Server of Celery's results. */
  readonly results: Target;
}

const folders = { dags: dagsFolder, logs: "/opt/airflow/logs" };

/** Lets Airflow write its default configuration to memory; all real settings are in its environment. */
const config: Values = { AIRFLOW_CONFIG: `${runtimeDirectory}/airflow.cfg` };

/** Returns the part of a workload that all roles share. */
export function airflowRole(role: Role, { image, environment, dags, logs }: RoleArgs) {
  const { env, secrets, files } = environment[role];
  return {
    image,
    user: { uid: 50000, gid: 0 },
    env: { ...env, ...config },
    secrets,
    files: { ...files, ...startFile, ...localSettings() },
    volumes: { ...(dags && { [folders.dags]: dags }), ...(logs && { [folders.logs]: logs }) },
    scratch: ["/tmp", ...(logs ? [] : [folders.logs])],
    stop: { signal: "SIGTERM", graceSeconds: 30 },
  } satisfies Partial<Job>;
}

/** Runs a command under dumb-init, which reaps orphans of tasks; only the command gets the stop signal. */
export function underInit(...command: string[]): readonly string[] {
  return ["dumb-init", "--single-child", "--", ...command];
}

/** Removes duplicates from the targets of a workload. */
export function targets(...all: Target[]): readonly Target[] {
  return [...new Set(all)];
}

/** Sets the number of instances, unless there is one, whose name then has no number. */
export function several(replicas: number): Pick<Service, "replicas"> {
  return replicas > 1 ? { replicas } : {};
}
