/** Abilities of a platform. Rules, components and commands ask for these instead of a platform's name. */
interface Capabilities {
  /** Runs on engines, which gateways connect if there are several; each has its own containers and volumes. */
  readonly engines: boolean;
  /** Runs on nodes that labels choose, in a cluster with names and settings of its own. */
  readonly nodes: boolean;
  /** Changes the number of workers with the work. */
  readonly autoscale: boolean;
  /** Replaces several workers of a group at a time. */
  readonly together: boolean;
  /** Starts the successor of an instance without data before that instance stops. */
  readonly overlaps: boolean;
  /** Has Secrets that a stack may name. */
  readonly secrets: boolean;
  /** Publishes services at an address of a machine. */
  readonly publish: boolean;
  /** Publishes each webserver at a port of its own on 127.0.0.1. */
  readonly loopback: boolean;
  /** Runs images that were built on this machine. */
  readonly localImages: boolean;
  /** Mounts directories of the machine that a workload runs on. */
  readonly directories: boolean;
  /** Delivers files by their paths, not by names that are made from the paths. */
  readonly filePaths: boolean;
  /** Limits the addresses that roles may reach. */
  readonly egress: boolean;
  /** Consists of Kubernetes manifests. */
  readonly manifests: boolean;
  /** Bytes that the files of a role, its secrets, or the declarations may have at most. */
  readonly mostBytes: number;
  /** Maximum length of the name of a group of workers; on engines, including the worker's number. */
  readonly longestName: number;
}

export const platformNames = ["docker", "kubernetes"] as const;
export type PlatformName = (typeof platformNames)[number];

/** Abilities of all platforms, by name. */
export const capabilities: Readonly<Record<PlatformName, Capabilities>> = {
  docker: {
    engines: true,
    nodes: false,
    autoscale: false,
    together: true,
    overlaps: false,
    secrets: false,
    publish: true,
    loopback: true,
    localImages: true,
    directories: true,
    filePaths: true,
    egress: false,
    manifests: false,
    mostBytes: Number.POSITIVE_INFINITY,
    // A host name.
    longestName: 63,
  },
  kubernetes: {
    engines: false,
    nodes: true,
    autoscale: true,
    // A StatefulSet replaces one pod after the other.
    together: false,
    overlaps: true,
    secrets: true,
    publish: false,
    loopback: false,
    localImages: false,
    directories: false,
    filePaths: false,
    egress: true,
    manifests: true,
    // A ConfigMap, or a Secret.
    mostBytes: 1_048_576,
    // A StatefulSet's name, whose revisions are labels with ten characters more.
    longestName: 52,
  },
};

/** Says which platforms have an ability, as the reason to reject a key. */
export function needs(ability: Exclude<keyof Capabilities, "longestName" | "mostBytes">): string {
  const able = platformNames.filter((name) => capabilities[name][ability]);
  return `it needs platform: ${able.join(" or ")}`;
}

/** Picks a platform's value; a new platform does not compile until it has one. */
export function forPlatform<T>(platform: PlatformName, values: Readonly<Record<PlatformName, T>>): T {
  return values[platform];
}
