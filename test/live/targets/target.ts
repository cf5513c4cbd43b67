import type { Config } from "../lib/harness.ts";

/** Copy of a workload that is running, or has run to its end. */
export interface Instance {
  /** Identity, which changes when the instance is replaced. */
  readonly id: string;
  /** Time or id of the start, which changes when the instance's processes are restarted. */
  readonly start: string;
  readonly healthy: boolean;
}

/** Instances by their names on every platform: `worker-1`, `scheduler`, or `scheduler-1` of several. */
export type Instances = ReadonlyMap<string, Instance>;

/** Operations of a platform that tests need; `stack` is the prefix of all names that a stack creates. */
export interface Target {
  readonly name: "docker" | "machines" | "kubernetes";
  /** Brings up the platform; returns the configuration that stacks on it need. */
  config(stack: string): Promise<Config>;
  /** Makes the stack's webserver and Flower available at these ports of the loopback interface. */
  connect(stack: string, ports: Ports): Promise<void>;
  /** Undoes `connect`. */
  disconnect(stack: string): Promise<void>;
  /** Lists the instances that exist of a stack. */
  instances(stack: string): Promise<Instances>;
  /** Runs a command in an instance's container; returns its standard output. */
  exec(stack: string, instance: string, command: readonly string[]): Promise<string>;
  /** Returns the output of an instance, from both streams. */
  log(stack: string, instance: string): Promise<string>;
  /** Kills all processes of an instance at once, as the loss of its machine would. */
  crash(stack: string, instance: string): Promise<void>;
  /** Stops an instance gracefully and starts it again. */
  restart(stack: string, instance: string): Promise<void>;
  /** Removes an instance so that only a deployment brings it back. */
  remove(stack: string, instance: string): Promise<void>;
  /** Lists everything that exists of a stack, including data. */
  leftovers(stack: string): Promise<string[]>;
  /** Collects the texts, by place, that users of the platform can read without access to secrets. */
  readable(stack: string): Promise<Map<string, string>>;
  /** Removes all stacks whose names start with `prefix`, which an interrupted test left. */
  sweep(prefix: string): Promise<void>;
}

export interface Ports {
  readonly webserverPort: number;
  readonly flowerPort: number;
}

/** Names the instances that were created or restarted between two snapshots, sorted. */
export function replaced(before: Instances, after: Instances): string[] {
  const same = (one?: Instance, other?: Instance) => one?.id === other?.id && one?.start === other?.start;
  return [...after.keys()].filter((name) => !same(before.get(name), after.get(name))).sort();
}
