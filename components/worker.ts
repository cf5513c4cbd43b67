import * as pulumi from "@pulumi/pulumi";
import type { Volume } from "../workload.ts";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main } from "./role.ts";

export interface WorkerArgs extends RoleArgs {
  /** What tasks write for each other and for people, shared by all workers. */
  readonly data: Volume;
  /** Seconds that running tasks get to finish when the worker is stopped. */
  readonly graceSeconds: number;
}

/** Takes tasks from the queue and runs them. */
export class Worker extends pulumi.ComponentResource {
  constructor(name: string, args: WorkerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Worker", name, {}, opts);
    const role = airflowRole("worker", args);
    args.platform.service(
      name,
      {
        ...role,
        ...heartbeat("worker"),
        command: main("airflow", "celery", "worker"),
        volumes: { ...role.volumes, "/opt/airflow/data": args.data },
        memory: 2048,
        // A warm shutdown: takes no new task, finishes the running ones.
        stop: { signal: "SIGTERM", graceSeconds: args.graceSeconds },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
