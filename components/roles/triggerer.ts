import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../../roles.ts";
import { withExtras } from "./extras.ts";
import { fullDiskFiles, fullDiskModule } from "./fullDisk/fullDisk.ts";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import { airflowRole, type RoleArgs, several, underInit } from "./role.ts";
import { airflowCommand } from "./start/start.ts";

export interface TriggererArgs extends RoleArgs {
  /** Number of triggerers; several share the deferred tasks and stand in for each other. */
  readonly triggerers: number;
}

/** Waits on behalf of deferred tasks, so that they occupy no worker. */
export class Triggerer extends pulumi.ComponentResource {
  constructor(name: string, args: TriggererArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Triggerer", name, {}, opts);
    const role = airflowRole("triggerer", args);
    args.platform.service(
      name,
      withExtras("triggerer", args, {
        ...role,
        ...(args.version.usesExecutionApi
          ? heartbeat("job", { ...role.files, ...fullDiskFiles }, [fullDiskModule])
          : heartbeat("job", role.files)),
        command: underInit(...airflowCommand("triggerer")),
        ...several(args.triggerers),
        limits: { memory: 1024, cpu: 2 },
        reaches: [args.postgres],
        // Triggers wait for services outside the stack.
        outbound: true,
        // Serves the logs of triggers: `[logging] trigger_log_server_port`.
        port: roleTable.triggerer.port,
        stateful: true,
        runsTasks: true,
        priority: "control",
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
