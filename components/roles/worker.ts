import * as pulumi from "@pulumi/pulumi";
import { roleTable } from "../../roles.ts";
import type { WorkerGroup } from "../../settings/model/groups.ts";
import type { Autoscale, DatabaseLogin, Endpoint, Turns, Volume } from "../../workload.ts";
import { runtimeDirectory } from "../../workload.ts";
import { canaryFile } from "../canary/files.ts";
import { absenceFiles, absenceModule, answersFiles, answersModule } from "./absence/absence.ts";
import { withExtras } from "./extras.ts";
import { fullDiskFiles, fullDiskModule } from "./fullDisk/fullDisk.ts";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import { onOneMachine, workerFiles, workerModule } from "./lease/lease.ts";
import { poolFiles, poolModules } from "./pool/pool.ts";
import { resultsFiles, resultsModule } from "./results/results.ts";
import { airflowRole, type RoleArgs, targets, underInit } from "./role.ts";
import { airflowCommand } from "./start/start.ts";
import { triggerQueues } from "./triggerQueues/triggerQueues.ts";

export interface WorkerArgs extends RoleArgs {
  readonly group: WorkerGroup;
  readonly turns: Turns;
  readonly webserver: Endpoint;
  /** Login to Airflow's metadata, for the autoscaler that counts tasks from outside the stack; undefined without one. */
  readonly metadata: DatabaseLogin | undefined;
  /** Volume for files that tasks exchange, shared by all workers. */
  readonly data: Volume;
  /** True if all workers and schedulers run on one machine. */
  readonly isOnOneMachine: boolean;
  /** Queue of the default group: `[operators] default_queue`. */
  readonly defaultQueue: string;
  /** Seconds that running tasks get to finish when their worker is stopped. */
  readonly graceSeconds: number;
}

function processes({ min, max }: WorkerGroup["concurrency"]): string[] {
  return min === max ? ["--concurrency", String(max)] : ["--autoscale", `${max},${min}`];
}

/**
 * Renders the SQL that counts the tasks that wait for or run on a worker of these queues: a worker with an
 * empty queue may still be busy. Deferred tasks do not count; the triggerer has them.
 */
function countOf(queues: readonly string[]): string {
  const names = queues.map((queue) => `'${queue}'`);
  return (
    "SELECT count(*) FROM task_instance " +
    `WHERE state IN ('queued', 'running', 'restarting') AND queue IN (${names.join(", ")})`
  );
}

function autoscaled({ group, metadata, defaultQueue }: WorkerArgs): Autoscale | undefined {
  return (
    group.autoscale &&
    metadata && {
      ...group.autoscale,
      database: metadata,
      query: countOf(group.queues.length > 0 ? group.queues : [defaultQueue]),
      countPerInstance: group.concurrency.max,
    }
  );
}

/** All workers of one group, which take tasks from the group's queues and run them. */
export class Worker extends pulumi.ComponentResource {
  constructor(name: string, args: WorkerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Worker", name, {}, opts);
    const { group } = args;
    const role = airflowRole("worker", args);
    const files = { ...role.files, ...canaryFile, ...poolFiles, ...resultsFiles, ...args.retention.logs };
    const queues = group.queues.length > 0 ? [`--queues=${group.queues.join(",")}`] : [];
    const pid = ["--pid", `${runtimeDirectory}/worker.pid`];
    const autoscale = autoscaled(args);
    // Nobody listens to what workers tell each other; a start would wait a second for it, and each heartbeat reach all workers.
    const alone = ["--without-mingle", "--without-gossip"];
    args.platform.service(
      name,
      withExtras("worker", args, {
        ...role,
        env: {
          ...role.env,
          ...(group.triggerers && triggerQueues),
          ...(args.isOnOneMachine && onOneMachine),
        },
        ...(args.version.usesExecutionApi
          ? heartbeat("worker", { ...files, ...workerFiles, ...fullDiskFiles, ...answersFiles }, [
              ...poolModules,
              resultsModule,
              workerModule,
              fullDiskModule,
              answersModule,
            ])
          : heartbeat("worker", { ...files, ...absenceFiles }, [
              ...poolModules,
              resultsModule,
              absenceModule,
            ])),
        command: underInit(
          ...airflowCommand("celery", "worker", ...processes(group.concurrency), ...queues, ...pid, ...alone),
        ),
        volumes: { ...role.volumes, "/opt/airflow/data": args.data },
        limits: { memory: group.memory, cpu: group.cpu },
        reaches: targets(
          args.redis,
          args.results,
          args.version.usesExecutionApi ? args.webserver : args.postgres,
        ),
        outbound: true,
        // Serves the logs of running tasks: `[logging] worker_log_server_port`.
        port: roleTable.worker.port,
        replicas: group.workers,
        ...(autoscale && { autoscale }),
        stateful: true,
        turns: args.turns,
        runsTasks: true,
        priority: "tasks",
        ...(group.machine !== undefined && { machine: group.machine }),
        ...(group.nodes && { nodes: group.nodes }),
        // Celery's warm shutdown: the worker takes no new task and finishes the running ones.
        stop: { signal: "SIGTERM", graceSeconds: args.graceSeconds },
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
