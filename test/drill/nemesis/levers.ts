/** Ways of a platform to hit instances of a deployment, by their names. */
export interface Levers {
  /** Id of the container, as cgroups have it. */
  container(instance: string): Promise<string>;
  /** Another text once its processes were started again. */
  start(instance: string): Promise<string>;
  /** The name that its tasks know their host by. */
  host(instance: string): Promise<string>;
  /** Addresses that an instance reaches another one at. */
  addresses(instance: string, peer: string): Promise<readonly string[]>;
  pause(instance: string): Promise<void>;
  /** Whether it is paused, in the platform's own words. */
  paused(instance: string): Promise<string>;
  unpause(instance: string): Promise<void>;
  restart(instance: string): Promise<void>;
  /** Stops it, in good order or by a kill, so that it stays away. */
  take(instance: string, how: "stopped" | "killed"): Promise<void>;
  /** Whether it is away, in the platform's own words; nothing if it runs. */
  away(instance: string): Promise<string | undefined>;
  give(instance: string): Promise<void>;
  /** Runs a command beside its processes; returns its standard output. */
  exec(instance: string, ...command: string[]): Promise<string>;
  /** The directory of this machine that has its data, on a small disk of its own; nothing where there is no such disk. */
  disk(instance: string): Promise<string | undefined>;
  /** The hosts of the workers of a machine. */
  hostsOn(machine: string): Promise<readonly string[]>;
  /** Cuts a machine's power, and returns what brings it back and tells what shows that it was off. */
  cutPower(machine: string): Promise<() => Promise<string>>;
}

/** Finds the addresses that an instance knows a peer by. */
export function addressesBy(exec: Levers["exec"]): Levers["addresses"] {
  return async (instance, peer) => {
    const found = await exec(instance, "getent", "ahostsv4", peer);
    return [...new Set(found.match(/^\S+/gm) ?? [])];
  };
}
