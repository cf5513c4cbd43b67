import type { Config } from "../lib/harness.ts";

/** Copy of a workload that is running, or has run to its end. */
export interface Instance {
  /** Changes when the instance is replaced. */
  readonly id: string;
  /** Changes when its processes are restarted. */
  readonly start: string;
  readonly healthy: boolean;
}

/** Instances by their names on every platform: `worker-1`, `scheduler`, or `scheduler-1` of several. */
export type Instances = ReadonlyMap<string, Instance>;

/** Operations of a platform that tests need. `stack` is the prefix of all names that a stack creates. */
export interface Target {
  readonly name: "docker" | "machines" | "kubernetes";
  /** Brings up the platform; returns the configuration that stacks on it need. */
  config(stack: string): Promise<Config>;
  /** Makes the stack's webserver and Flower available at these ports of the loopback interface. */
  connect(stack: string, ports: Ports): Promise<void>;
  /** Undoes `connect`. */
  disconnect(stack: string): Promise<void>;
  instances(stack: string): Promise<Instances>;
  /** Runs a command in an instance's container; returns its standard output. */
  exec(stack: string, instance: string, command: readonly string[]): Promise<string>;
  /** Output of an instance, from both streams. */
  log(stack: string, instance: string): Promise<string>;
  /** Kills all processes of an instance at once, as the loss of its machine would. */
  crash(stack: string, instance: string): Promise<void>;
  /** Stops an instance gracefully and starts it again. */
  restart(stack: string, instance: string): Promise<void>;
  /** Removes an instance for good: only a deployment brings it back. */
  remove(stack: string, instance: string): Promise<void>;
  /** Everything that exists of a stack, including data. */
  leftovers(stack: string): Promise<string[]>;
  /** Texts that users see who may look at the platform but not at secrets, by place. */
  readable(stack: string): Promise<Map<string, string>>;
  /** Removes all stacks whose names start with `prefix`: leftovers of an interrupted test. */
  sweep(prefix: string): Promise<void>;
}

export interface Ports {
  readonly webserverPort: number;
  readonly flowerPort: number;
}

/** Names of the instances that were created or restarted between two snapshots. */
export function replaced(before: Instances, after: Instances): string[] {
  const same = (one?: Instance, other?: Instance) => one?.id === other?.id && one?.start === other?.start;
  return [...after.keys()].filter((name) => !same(before.get(name), after.get(name))).sort();
}
