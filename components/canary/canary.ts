import * as pulumi from "@pulumi/pulumi";
import type { Major } from "../../roles.ts";
import { timings } from "../../settings/model/timings.ts";
import type { Endpoint } from "../../workload.ts";
import { withExtras } from "../roles/extras.ts";
import { beatsWithin } from "../roles/heartbeat/heartbeat.ts";
import { schedulerFiles } from "../roles/lease/lease.ts";
import { moduleFolder } from "../roles/modules.ts";
import { airflowRole, type RoleArgs, targets, underInit } from "../roles/role.ts";
import { proofFiles, repeatFile } from "./files.ts";
import type { ProofRequest } from "./request.ts";

export interface CanaryArgs extends RoleArgs {
  readonly request: ProofRequest;
  /** Seconds from one proof to the next. */
  readonly everySeconds: number;
  readonly major: Major;
  readonly webserver: Endpoint;
  /** Login for reading task logs. */
  readonly adminUser: string;
  readonly adminPassword: pulumi.Input<string>;
}

/** Proves the stack on a schedule: a task through every queue and on every worker. */
export class Canary extends pulumi.ComponentResource {
  constructor(name: string, args: CanaryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Canary", name, {}, opts);
    const { platform, request, everySeconds, major, webserver, adminUser, adminPassword } = args;
    // A canary needs a scheduler's rights: it writes runs to the database, and asks workers over the broker.
    const role = airflowRole("scheduler", args);
    const url = `http://${webserver.host}:${webserver.port}`;
    platform.service(
      name,
      withExtras("all", args, {
        ...role,
        secrets: { ...role.secrets, admin_password: adminPassword },
        files: {
          ...role.files,
          // The scheduler's settings name its executor.
          ...(args.version.usesExecutionApi && schedulerFiles),
          ...proofFiles,
          ...repeatFile,
          [`${moduleFolder}/request.json`]: JSON.stringify(request),
        },
        command: underInit(
          "python",
          `${moduleFolder}/repeat.py`,
          String(everySeconds),
          String(timings.logWritten),
          major,
          url,
          adminUser,
        ),
        limits: { memory: 512, cpu: 1 },
        reaches: targets(args.redis, args.postgres, args.results, webserver),
        priority: "control",
        healthy: { command: beatsWithin(timings.jobMissed), startSeconds: 60 },
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
