/** Means by which a platform's instances are hit; `instance` is a name such as `worker-1`. */
export interface Levers {
  /** Returns the container's id, as it appears in cgroups. */
  container(instance: string): Promise<string>;
  /** Returns a text that changes whenever the instance is started again. */
  start(instance: string): Promise<string>;
  /** Returns the host name that the instance's tasks report. */
  host(instance: string): Promise<string>;
  /** Finds the addresses at which an instance reaches a peer. */
  addresses(instance: string, peer: string): Promise<readonly string[]>;
  pause(instance: string): Promise<void>;
  /** Returns the paused state in the platform's words; empty if the instance runs. */
  paused(instance: string): Promise<string>;
  unpause(instance: string): Promise<void>;
  restart(instance: string): Promise<void>;
  /** Stops an instance, gracefully or by a kill, so that it stays away until `give`. */
  take(instance: string, how: "stopped" | "killed"): Promise<void>;
  /** Returns the stopped state in the platform's words; undefined if the instance runs. */
  away(instance: string): Promise<string | undefined>;
  /** Starts an instance again after `take`. */
  give(instance: string): Promise<void>;
  /** Runs a command in the instance's container; returns its standard output. */
  exec(instance: string, ...command: string[]): Promise<string>;
  /** Finds the local directory of the instance's data, on a small disk; undefined if it has none. */
  disk(instance: string): Promise<string | undefined>;
  /** Lists the hosts of a machine's workers. */
  hostsOn(machine: string): Promise<readonly string[]>;
  /** Cuts a machine's power; returns a function that restores the power and returns evidence of the cut. */
  cutPower(machine: string): Promise<() => Promise<string>>;
}

/** Implements `addresses` by resolving a peer's name in an instance. */
export function addressesBy(exec: Levers["exec"]): Levers["addresses"] {
  return async (instance, peer) => {
    const found = await exec(instance, "getent", "ahostsv4", peer);
    return [...new Set(found.match(/^\S+/gm) ?? [])];
  };
}
