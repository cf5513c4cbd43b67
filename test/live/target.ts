import type { Config } from "./harness.ts";

/** One running copy of a workload, or one that has run to its end. */
export interface Instance {
  /** Another one when it has been made anew. */
  readonly id: string;
  /** Another one when its processes have been started again. */
  readonly start: string;
  readonly healthy: boolean;
}

/** Instances by the names that they have on every platform: `worker-1`, `scheduler`; of several schedulers, `scheduler-1`. */
export type Instances = ReadonlyMap<string, Instance>;

/** What tests need of a platform. `stack` is the name in front of whatever a stack makes there. */
export interface Target {
  readonly name: "docker" | "machines" | "kubernetes";
  /** Makes sure that the platform is there; what a stack has to say to be deployed to it. */
  config(stack: string): Promise<Config>;
  /** Makes the stack's webserver and Flower answer at these ports of the loopback interface. */
  connect(stack: string, ports: Ports): Promise<void>;
  /** Undoes `connect`. */
  disconnect(stack: string): Promise<void>;
  instances(stack: string): Promise<Instances>;
  /** Runs a command beside an instance's processes; returns its standard output. */
  exec(stack: string, instance: string, command: readonly string[]): Promise<string>;
  /** What an instance has said, on both streams. */
  log(stack: string, instance: string): Promise<string>;
  /** Kills all processes of an instance at once, as the loss of its machine would. */
  crash(stack: string, instance: string): Promise<void>;
  /** Stops an instance in good order, and starts it again. */
  restart(stack: string, instance: string): Promise<void>;
  /** Removes an instance, and what would bring it back: only a deployment does. */
  remove(stack: string, instance: string): Promise<void>;
  /** What is there of a stack, data included. */
  leftovers(stack: string): Promise<string[]>;
  /** Texts, by where they are, that those can read who may look at the platform but not at secrets. */
  readable(stack: string): Promise<Map<string, string>>;
  /** Removes whatever there is of stacks whose name starts so: what a test that was cut off has left. */
  sweep(prefix: string): Promise<void>;
}

export interface Ports {
  readonly webserverPort: number;
  readonly flowerPort: number;
}

/** Names of the instances that were made, or started again, between two looks. */
export function replaced(before: Instances, after: Instances): string[] {
  const same = (one?: Instance, other?: Instance) => one?.id === other?.id && one?.start === other?.start;
  return [...after.keys()].filter((name) => !same(before.get(name), after.get(name))).sort();
}
