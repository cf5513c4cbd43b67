import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../../roles.ts";
import { proofFiles } from "../canary/files.ts";
import { absenceFiles, absenceModule } from "./absence/absence.ts";
import { withExtras } from "./extras.ts";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import { executorModule, schedulerFiles } from "./lease/lease.ts";
import { resultsFiles, resultsModule } from "./results/results.ts";
import { airflowRole, type RoleArgs, several, targets, underInit } from "./role.ts";
import { airflowCommand } from "./start/start.ts";

export interface SchedulerArgs extends RoleArgs {
  /** Number of schedulers; several share the work and stand in for each other. */
  readonly schedulers: number;
}

/** Decides which task runs next and queues it on the broker. */
export class Scheduler extends pulumi.ComponentResource {
  constructor(name: string, args: SchedulerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Scheduler", name, {}, opts);
    const role = airflowRole("scheduler", args);
    const files = {
      ...role.files,
      ...proofFiles,
      ...args.retention.records,
      ...absenceFiles,
      ...resultsFiles,
    };
    args.platform.service(
      name,
      withExtras("scheduler", args, {
        ...role,
        ...heartbeat(
          "job",
          { ...files, ...(args.version.usesExecutionApi && schedulerFiles) },
          [absenceModule, resultsModule],
          [executorModule],
        ),
        command: underInit(...airflowCommand("scheduler")),
        ...several(args.schedulers),
        limits: { memory: roleTable.scheduler.memory, cpu: 2 },
        reaches: targets(args.redis, args.postgres, args.results),
        // Callbacks of DAGs run in Airflow 2's scheduler, and in Airflow 3's DAG processor.
        outbound: !args.version.usesExecutionApi,
        priority: "control",
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
