import * as pulumi from "@pulumi/pulumi";
import type { WorkerGroup } from "../../settings/model/groups.ts";
import type { Autoscale, DatabaseLogin, Endpoint, Turns, Volume } from "../../workload.ts";
import { runtimeDirectory } from "../../workload.ts";
import { withExtras } from "./extras.ts";
import { heartbeat } from "./heartbeat/heartbeat.ts";
import { workerFiles, workerModule } from "./lease/lease.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, targets, underInit } from "./role.ts";
import { airflowCommand } from "./start/start.ts";

export interface WorkerArgs extends RoleArgs {
  readonly group: WorkerGroup;
  readonly turns: Turns;
  readonly webserver: Endpoint;
  /** Airflow's, for who counts tasks from outside the stack. */
  readonly metadata: DatabaseLogin;
  /** What tasks write for each other and for people, shared by all workers. */
  readonly data: Volume;
  /** `[operators] default_queue`: what the default group takes tasks from. */
  readonly defaultQueue: string;
  /** Seconds that running tasks get to finish when the worker is stopped. */
  readonly graceSeconds: number;
}

/** Serves the logs of running tasks; `[logging] worker_log_server_port`. */
export const workerLogPort = 8793;

function processes({ min, max }: WorkerGroup["concurrency"]): string[] {
  return min === max ? ["--concurrency", String(max)] : ["--autoscale", `${max},${min}`];
}

/**
 * Counts tasks that wait for a worker of some queues, and those that are on one: a worker is not idle when its queue is empty.
 * Deferred tasks are the triggerer's.
 */
function countOf(queues: readonly string[]): string {
  const names = queues.map((queue) => `'${queue.replaceAll("'", "''")}'`);
  return (
    "SELECT count(*) FROM task_instance " +
    `WHERE state IN ('queued', 'running', 'restarting') AND queue IN (${names.join(", ")})`
  );
}

function autoscaled({ group, metadata, defaultQueue }: WorkerArgs): Autoscale | undefined {
  return (
    group.autoscale && {
      ...group.autoscale,
      database: metadata,
      query: countOf(group.queues.length > 0 ? group.queues : [defaultQueue]),
      countPerInstance: group.concurrency.max,
    }
  );
}

/** Takes tasks from its queues and runs them: all workers of one group. */
export class Worker extends pulumi.ComponentResource {
  constructor(name: string, args: WorkerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Worker", name, {}, opts);
    const { group } = args;
    const role = airflowRole("worker", args);
    const queues = group.queues.length > 0 ? [`--queues=${group.queues.join(",")}`] : [];
    const pid = ["--pid", `${runtimeDirectory}/worker.pid`];
    const autoscale = autoscaled(args);
    args.platform.service(
      name,
      withExtras("worker", args, {
        ...role,
        ...(args.version.usesExecutionApi
          ? heartbeat("worker", { ...role.files, ...workerFiles }, [workerModule])
          : heartbeat("worker", role.files)),
        command: underInit(
          ...airflowCommand("celery", "worker", ...processes(group.concurrency), ...queues, ...pid),
        ),
        volumes: { ...role.volumes, "/opt/airflow/data": args.data },
        limits: { memory: group.memory, cpu: group.cpu },
        reaches: targets(
          args.redis,
          args.results,
          args.version.usesExecutionApi ? args.webserver : args.postgres,
        ),
        outbound: true,
        port: workerLogPort,
        replicas: group.workers,
        ...(autoscale && { autoscale }),
        stateful: true,
        turns: args.turns,
        priority: "tasks",
        ...(group.machine !== undefined && { machine: group.machine }),
        ...(group.nodes && { nodes: group.nodes }),
        // A warm shutdown: takes no new task, finishes the running ones.
        stop: { signal: "SIGTERM", graceSeconds: args.graceSeconds },
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
