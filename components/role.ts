import type { Job, Platform, Volume } from "../workload.ts";
import type { Environment, Role } from "./environment.ts";

/** What every role of Airflow is given. */
export interface RoleArgs {
  readonly platform: Platform;
  readonly image: string;
  readonly environment: Environment;
  /** DAG files, read-only. */
  readonly dags: Volume;
  /** Task logs, shared by all roles: readable after the worker that wrote them is gone. */
  readonly logs: Volume;
}

/** The part of a workload that all roles share. */
export function airflowRole(role: Role, { image, environment, dags, logs }: RoleArgs) {
  return {
    image,
    user: { uid: 50000, gid: 0 },
    ...environment[role],
    volumes: { "/opt/airflow/dags": dags, "/opt/airflow/logs": logs },
    stop: { signal: "SIGTERM", graceSeconds: 30 },
  } satisfies Partial<Job>;
}

/** A main process that alone gets the stop signal, under a parent that reaps what tasks leave behind. */
export function main(...command: string[]): readonly string[] {
  return ["dumb-init", "--single-child", "--", ...command];
}
