import type * as pulumi from "@pulumi/pulumi";

/** Texts by name. Values may be outputs of other resources. */
export type Values = Readonly<Record<string, pulumi.Input<string>>>;

/** A directory in memory, writable by every user and empty at each start of a container. */
export const runtimeDirectory = "/dev/shm";

/** Where a workload finds its secrets, one file each. */
export const secretsDirectory = "/run/secrets";

/** Storage that outlives its containers, or a directory of the host that is only read. */
export type Volume =
  | { readonly kind: "data"; readonly name: pulumi.Input<string> }
  | { readonly kind: "directory"; readonly path: string };

/** How a platform learns that a workload serves; one that stops serving is restarted. */
export interface Health {
  /** Runs inside the container; exit status 0 means healthy. Keep it cheap: it runs for as long as the stack does. */
  readonly command: readonly string[];
  /** Seconds that a start may take before the container is restarted. */
  readonly startSeconds: number;
}

/** How to end a workload without losing what it is doing. */
export interface Stop {
  readonly signal: "SIGTERM" | "SIGINT";
  /** Seconds between the signal and the kill. */
  readonly graceSeconds: number;
}

/** A program that runs to success once. Values may be inputs; whatever decides how many resources exist is plain. */
export interface Job {
  readonly image: string;
  /** The complete argument list of the container's main process. */
  readonly command: readonly string[];
  readonly user: { readonly uid: number; readonly gid: number };
  readonly env?: Values;
  /** Contents by file name in {@link secretsDirectory}: nothing to see in `docker inspect` or a pod spec. */
  readonly secrets?: Values;
  /** Contents by absolute path, read-only for the program. */
  readonly files?: Values;
  /** By absolute path of the mount. */
  readonly volumes?: Readonly<Record<string, Volume>>;
  /** Memory limit in MiB; there is no swap beyond it. */
  readonly memory: number;
  readonly stop: Stop;
}

/** A program that is kept running. */
export interface Service extends Job {
  readonly healthy: Health;
  /** The port that other workloads reach it at. */
  readonly port?: number;
  /** The port of the loopback interface, on the machine itself, that leads to `port`. */
  readonly loopbackPort?: number;
}

/** Where other workloads reach a service. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where workloads run. */
export interface Platform {
  /** Storage that survives the containers, and `npm run down`. */
  volume(name: string): Volume;
  /** Keeps a workload running; resolves once it is healthy. */
  service(name: string, service: Service, opts: pulumi.CustomResourceOptions): pulumi.Resource;
  /** Runs a workload to success; depending on the result means depending on that success. */
  job(name: string, job: Job, opts: pulumi.CustomResourceOptions): pulumi.Input<pulumi.Resource>;
  /** The address of a service on this platform. */
  endpoint(name: string, port: number): Endpoint;
}
