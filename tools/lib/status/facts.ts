/** A copy of a workload that runs or has ended. */
export interface Instance {
  /** `scheduler`, `worker-1`; in a cluster, the pod's name. */
  readonly name: string;
  /** `missing` if the instance does not exist. */
  readonly state: string;
  /** Health; the exit code, if the instance has ended. */
  readonly health: string;
  /** Last output of the health check, or why the container did not start. */
  readonly output?: string | undefined;
  readonly image: string;
  /** Time of the last start, or of the end. */
  readonly since?: Date | undefined;
  /** Restarts since the instance was made, without those that a deployment asks for. */
  readonly restarts: number;
  /** Reason of the last restart, as far as it is known. */
  readonly reason?: string | undefined;
  /** True if the instance is as it should be. */
  readonly fine: boolean;
}

/** Returns an instance that should exist and does not. */
export function missing(name: string): Instance {
  return { name, state: "missing", health: "", image: "", restarts: 0, fine: false };
}

/** Reason of a restart by the kernel. */
export const outOfMemory = "out of memory";

/** Instances on a machine, or why they are unknown. */
export type MachineFacts = { readonly name: string } & (
  | { readonly instances: readonly Instance[] }
  | { readonly cause: string }
);

/** Lists the instances on a machine; none if they are unknown. */
export function instancesOn(machine: MachineFacts): readonly Instance[] {
  return "cause" in machine ? [] : machine.instances;
}

interface WorkerTasks {
  readonly queues: readonly string[];
  /** Running tasks by queue. */
  readonly running: Readonly<Record<string, number>>;
  /** Tasks that the worker runs at once. */
  readonly places: number;
}

/** Flower's facts, or why they are unknown. */
export type TaskFacts =
  | {
      /** Tasks by worker instance; null for a worker that gave no answer. */
      readonly workers: Readonly<Record<string, WorkerTasks | null>>;
      /** Waiting tasks by queue. */
      readonly queued: Readonly<Record<string, number>>;
    }
  | { readonly cause: string };

/** True if the name is a worker's. */
export function isWorker(name: string): boolean {
  return name.startsWith("worker");
}

/** Finds a running instance of a role, with its machine and the time of its start. */
export function runningOf(
  machines: readonly MachineFacts[],
  role: string,
): { readonly machine: string; readonly name: string; readonly since?: Date | undefined } | undefined {
  return machines
    .flatMap((machine) => instancesOn(machine).map((instance) => ({ ...instance, machine: machine.name })))
    .filter(({ name, state }) => state === "running" && `${name}-`.startsWith(`${role}-`))
    .map(({ machine, name, since }) => ({ machine, name, since }))[0];
}
