import * as pulumi from "@pulumi/pulumi";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main } from "./role.ts";

/** Reads the DAG files into the metadata database, again and again. */
export class DagProcessor extends pulumi.ComponentResource {
  constructor(name: string, args: RoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:DagProcessor", name, {}, opts);
    args.platform.service(
      name,
      {
        ...airflowRole("dag-processor", args),
        ...heartbeat("job"),
        command: main("airflow", "dag-processor"),
        memory: 1024,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
