import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../../roles.ts";
import { absenceFiles, absenceModule } from "./absence/absence.ts";
import { withExtras } from "./extras.ts";
import { fullDiskFiles, fullDiskModule } from "./fullDisk/fullDisk.ts";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import { parsingFiles, parsingModule } from "./parsing/parsing.ts";
import { airflowRole, type RoleArgs, underInit } from "./role.ts";
import { airflowCommand } from "./start/start.ts";

/** Reads the DAG files into the metadata database, repeatedly. */
export class DagProcessor extends pulumi.ComponentResource {
  constructor(name: string, args: RoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:DagProcessor", name, {}, opts);
    const role = airflowRole("dag-processor", args);
    args.platform.service(
      name,
      withExtras("dag-processor", args, {
        ...role,
        ...heartbeat(
          "job",
          { ...role.files, ...args.retention.logs, ...fullDiskFiles, ...absenceFiles, ...parsingFiles },
          [fullDiskModule, absenceModule, parsingModule],
        ),
        command: underInit(...airflowCommand("dag-processor")),
        limits: { memory: roleTable["dag-processor"].memory, cpu: 2 },
        reaches: [args.postgres],
        // Callbacks of DAGs run here, and e-mails are sent from here. DAGs may come from a repository.
        outbound: true,
        priority: "control",
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
