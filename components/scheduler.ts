import * as pulumi from "@pulumi/pulumi";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main, several } from "./role.ts";

export interface SchedulerArgs extends RoleArgs {
  /** Several share the work, and outlast each other. */
  readonly schedulers: number;
}

/** Decides which task runs next and queues it on the broker. */
export class Scheduler extends pulumi.ComponentResource {
  constructor(name: string, args: SchedulerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Scheduler", name, {}, opts);
    args.platform.service(
      name,
      {
        ...airflowRole("scheduler", args),
        ...heartbeat("job"),
        command: main("airflow", "scheduler"),
        ...several(args.schedulers),
        limits: { memory: 1024, cpu: 2 },
        reaches: [args.redis, args.postgres],
        priority: "control",
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
