import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../../roles.ts";
import type { WorkerGroup } from "../../settings/model/groups.ts";
import type { Service, Values } from "../../workload.ts";
import { absenceFiles, absenceModule } from "./absence/absence.ts";
import { groupHost } from "./environment.ts";
import { withExtras } from "./extras.ts";
import { fullDiskFiles, fullDiskModule } from "./fullDisk/fullDisk.ts";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import { airflowRole, type RoleArgs, several, underInit } from "./role.ts";
import { airflowCommand } from "./start/start.ts";
import { strandedFiles, strandedModule, triggerQueues } from "./triggerQueues/triggerQueues.ts";

export interface TriggererArgs extends RoleArgs {
  /** Number of triggerers; several share the deferred tasks and stand in for each other. */
  readonly triggerers: number;
  /** Group of workers whose deferred tasks these triggerers have; default: the tasks of all groups without triggerers. */
  readonly group?: WorkerGroup;
  /** Queues that the triggerers of groups read. */
  readonly servedQueues: readonly string[];
}

/** Returns the health check, with the files and modules of a triggerer. */
function checked({ group, servedQueues, version, retention }: TriggererArgs, files: Values) {
  const reads = { ...files, ...absenceFiles, ...retention.logs };
  if (!version.usesExecutionApi) return heartbeat("job", reads, [absenceModule]);
  const modules = [absenceModule, fullDiskModule];
  const survives = { ...reads, ...fullDiskFiles };
  return group
    ? heartbeat("job", survives, modules)
    : heartbeat("job", { ...survives, ...strandedFiles(servedQueues) }, [...modules, strandedModule]);
}

/** Returns number and place: those of a group have numbers and run beside its workers. */
function placed({ group, triggerers }: TriggererArgs): Partial<Service> {
  if (!group) return several(triggerers);
  const { machine, nodes } = group;
  return { replicas: triggerers, ...(machine !== undefined && { machine }), ...(nodes && { nodes }) };
}

/** Waits on behalf of deferred tasks, so that they occupy no worker. */
export class Triggerer extends pulumi.ComponentResource {
  constructor(name: string, args: TriggererArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Triggerer", name, {}, opts);
    const { platform, group } = args;
    const role = airflowRole("triggerer", args);
    const place = placed(args);
    const sharesLogs = place.replicas !== undefined && !platform.namesInstances;
    platform.service(
      name,
      withExtras("triggerer", args, {
        ...role,
        env: { ...role.env, ...(sharesLogs && groupHost), ...(group && triggerQueues) },
        ...checked(args, role.files),
        command: underInit(
          ...airflowCommand("triggerer", ...(group ? [`--queues=${group.queues.join(",")}`] : [])),
        ),
        ...place,
        limits: { memory: roleTable.triggerer.memory, cpu: 2 },
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
