import * as pulumi from "@pulumi/pulumi";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main } from "./role.ts";

/** Decides which task runs next and queues it on the broker. */
export class Scheduler extends pulumi.ComponentResource {
  constructor(name: string, args: RoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Scheduler", name, {}, opts);
    args.platform.service(
      name,
      {
        ...airflowRole("scheduler", args),
        ...heartbeat("job"),
        command: main("airflow", "scheduler"),
        memory: 1024,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
