import * as pulumi from "@pulumi/pulumi";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main } from "./role.ts";

/** Waits on behalf of deferred tasks, so that they occupy no worker. */
export class Triggerer extends pulumi.ComponentResource {
  constructor(name: string, args: RoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Triggerer", name, {}, opts);
    args.platform.service(
      name,
      {
        ...airflowRole("triggerer", args),
        ...heartbeat("job"),
        command: main("airflow", "triggerer"),
        memory: 1024,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
