/** A platform's ways to hit instances of a deployment, by instance name. */
export interface Levers {
  /** Id of the container, as it appears in cgroups. */
  container(instance: string): Promise<string>;
  /** Text that changes whenever the instance is started again. */
  start(instance: string): Promise<string>;
  /** Host name that the instance's tasks report. */
  host(instance: string): Promise<string>;
  /** Addresses at which an instance reaches a peer. */
  addresses(instance: string, peer: string): Promise<readonly string[]>;
  pause(instance: string): Promise<void>;
  /** Paused state in the platform's own words. */
  paused(instance: string): Promise<string>;
  unpause(instance: string): Promise<void>;
  restart(instance: string): Promise<void>;
  /** Stops it, gracefully or by a kill, so that it stays away. */
  take(instance: string, how: "stopped" | "killed"): Promise<void>;
  /** Stopped state in the platform's own words; undefined if it runs. */
  away(instance: string): Promise<string | undefined>;
  give(instance: string): Promise<void>;
  /** Runs a command in the instance's container; returns its standard output. */
  exec(instance: string, ...command: string[]): Promise<string>;
  /** Local directory of the instance's data, on a small disk of its own; undefined without such a disk. */
  disk(instance: string): Promise<string | undefined>;
  /** Hosts of a machine's workers. */
  hostsOn(machine: string): Promise<readonly string[]>;
  /** Cuts a machine's power; returns a function that restores it and returns evidence of the cut. */
  cutPower(machine: string): Promise<() => Promise<string>>;
}

/** Finds the addresses that a peer's name resolves to on an instance. */
export function addressesBy(exec: Levers["exec"]): Levers["addresses"] {
  return async (instance, peer) => {
    const found = await exec(instance, "getent", "ahostsv4", peer);
    return [...new Set(found.match(/^\S+/gm) ?? [])];
  };
}
