import type * as pulumi from "@pulumi/pulumi";
import type { Job, Platform, Service, Target, Values, Volume } from "../../workload.ts";
import { runtimeDirectory } from "../../workload.ts";
import type { Environment } from "./environment.ts";
import type { ExtrasByRole } from "./extras.ts";
import type { Role } from "./roles.ts";
import { startFile } from "./start/start.ts";
import type { AirflowVersion } from "./versions/version.ts";

/** What every role of Airflow is given. */
export interface RoleArgs {
  readonly platform: Platform;
  readonly image: pulumi.Input<string>;
  readonly version: AirflowVersion;
  readonly environment: Environment;
  /** What a stack gives roles besides. */
  readonly extras: ExtrasByRole;
  /** DAG files, read-only, where they are not in the image or a repository. */
  readonly dags?: Volume | undefined;
  /** Task logs, shared by all roles: readable after the worker that wrote them is gone. Absent where they are kept remotely. */
  readonly logs?: Volume | undefined;
  readonly redis: Target;
  /** Where the metadata is. */
  readonly postgres: Target;
  /** Where the results are. */
  readonly results: Target;
}

const folders = { dags: "/opt/airflow/dags", logs: "/opt/airflow/logs" };

/** Airflow writes a configuration of defaults if it finds none; everything that it is told is in its environment. */
const config: Values = { AIRFLOW_CONFIG: `${runtimeDirectory}/airflow.cfg` };

/** The part of a workload that all roles share. */
export function airflowRole(role: Role, { image, environment, dags, logs }: RoleArgs) {
  const { env, secrets, files } = environment[role];
  return {
    image,
    user: { uid: 50000, gid: 0 },
    env: { ...env, ...config },
    secrets,
    files: { ...files, ...startFile },
    volumes: { ...(dags && { [folders.dags]: dags }), ...(logs && { [folders.logs]: logs }) },
    scratch: ["/tmp", ...(logs ? [] : [folders.logs])],
    stop: { signal: "SIGTERM", graceSeconds: 30 },
  } satisfies Partial<Job>;
}

/** A main process that alone gets the stop signal, under a parent that reaps what tasks leave behind. */
export function underInit(...command: string[]): readonly string[] {
  return ["dumb-init", "--single-child", "--", ...command];
}

/** What a workload reaches, each once. */
export function targets(...all: Target[]): readonly Target[] {
  return [...new Set(all)];
}

/** One instance has the plain name, several are numbered. */
export function several(replicas: number): Pick<Service, "replicas"> {
  return replicas > 1 ? { replicas } : {};
}
