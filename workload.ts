import type * as pulumi from "@pulumi/pulumi";

/** Texts by name. Values may be outputs of other resources. */
export type Values = Readonly<Record<string, pulumi.Input<string>>>;

/** A directory in memory, writable by every user and empty at each start of a container. */
export const runtimeDirectory = "/dev/shm";

/** Where a workload finds its secrets, one file each. */
export const secretsDirectory = "/run/secrets";

/**
 * Storage that outlives its containers; a directory of the deploying machine that is only read; a directory of the machine that
 * the workload runs on, only read too, which a cluster refuses.
 */
export type Volume =
  | {
      readonly kind: "data";
      readonly name: pulumi.Input<string>;
      readonly sharing: Sharing;
      /** A directory of the image whose owner it begins with on an engine; in a cluster the pod's group may write to it. */
      readonly like?: string;
    }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "host"; readonly path: string };

/** For people and their tools: nothing in the stack goes by them. */
export type Labels = Readonly<Record<string, string>>;

/** Who uses a volume: one container at a time, or many, on many nodes of a cluster. */
export type Sharing = "exclusive" | "shared";

/** How a platform learns that a workload serves; one that stops serving is restarted. */
export interface Health {
  /**
   * Runs inside the container. Keep it cheap: it runs for as long as the stack does. Exit status 0 means healthy, 75 on its way: the
   * workload answers that it loads or recovers, and is left in peace for as long as it does. It prints nothing but what a person is to be told.
   */
  readonly command: readonly string[];
  /** Seconds that a start may take, unless it is on its way, before the container is restarted. */
  readonly startSeconds: number;
  /** Seconds for which a deployment waits for it, where it may be on its way for long; otherwise twice `startSeconds`. */
  readonly awaitedSeconds?: number;
}

/** How to end a workload without losing what it is doing. */
export interface Stop {
  readonly signal: "SIGTERM" | "SIGINT";
  /** Seconds between the signal and the kill. */
  readonly graceSeconds: number;
}

/** What a workload may use at most. */
export interface Limits {
  /** MiB; there is no swap beyond it. */
  readonly memory: number;
  /** Cores. */
  readonly cpu: number;
}

/** Machines of a cluster that a service may run on. */
export interface Nodes {
  readonly labels: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
}

/** A taint of a node that does not keep a service away. */
export interface Toleration {
  readonly key: string;
  /** Any value, if there is none. */
  readonly value?: string | undefined;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** A Postgres database, for who asks it from outside the stack. */
export interface DatabaseLogin {
  readonly target: Target;
  /** Secret. The host is for who is inside the stack, where the database is. */
  readonly login: pulumi.Output<{
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
    /** Of libpq. */
    readonly sslmode: string;
  }>;
}

/** A number of instances that follows what there is to do. */
export interface Autoscale {
  readonly min: number;
  readonly max: number;
  readonly database: DatabaseLogin;
  /** SQL that counts what waits and what is being done. */
  readonly query: string;
  /** How much of that there is to be one more instance for. */
  readonly countPerInstance: number;
}

/** Instances that stand in for each other, and are replaced in turns, so that some of them serve at any time. */
export interface Turns {
  /** The same for all services whose instances do. */
  readonly key: string;
  /** Instances that may be away at a time. */
  readonly atOnce: number;
  /** Instances that there are already; all others need not wait. */
  readonly deployed: readonly string[];
}

/** Where other workloads reach a service. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Something outside the stack. Where it is may be a secret, so only its port is told to a platform. */
export interface Outside {
  readonly outside: string;
  readonly port: pulumi.Input<number>;
}

/** What a workload opens connections to. */
export type Target = Endpoint | Outside;

export function isInside(target: Target): target is Endpoint {
  return "host" in target;
}

/** A program that runs to success once. Values may be inputs; whatever decides how many resources exist is plain. */
export interface Job {
  readonly image: pulumi.Input<string>;
  /** The complete argument list of the container's main process. */
  readonly command: readonly string[];
  readonly user: { readonly uid: number; readonly gid: number };
  readonly env?: Values;
  /** Contents by file name in {@link secretsDirectory}: nothing to see in `docker inspect` or a pod spec. */
  readonly secrets?: Values;
  /** Contents by absolute path, read-only for the program. */
  readonly files?: Values;
  /** Of its containers or pods, besides those of the whole stack. */
  readonly labels?: Labels;
  /** Addresses of further hosts, by their names. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** By absolute path of the mount. */
  readonly volumes?: Readonly<Record<string, Volume>>;
  /** Directories besides volumes that the program writes to: a platform may make all others read-only. */
  readonly scratch?: readonly string[];
  readonly limits: Limits;
  /** What it opens connections to: a platform that can forbid all others does. */
  readonly reaches: readonly Target[];
  /** Whether it opens connections to addresses outside the stack, too. */
  readonly outbound?: boolean;
  readonly stop: Stop;
  /** Seconds after which it counts as failed, where the platform's own limit is too short for what it may have to do. */
  readonly maxSeconds?: number;
}

/** A program that is kept running. */
export interface Service extends Omit<Job, "maxSeconds"> {
  readonly healthy: Health;
  /** The port that other workloads reach it at. */
  readonly port?: number;
  /** For people: the port of their own machine's loopback interface that leads to `port`; a second instance has the next one. */
  readonly loopbackPort?: number;
  /** How many of it run, numbered from 1; without it there is one, which has no number. */
  readonly replicas?: number;
  /** Replaces `replicas` where it can follow what there is to do; a platform that cannot refuses it. */
  readonly autoscale?: Autoscale;
  /** Each instance keeps its name and its data, and is stopped before its successor is started. */
  readonly stateful?: boolean;
  /** Who goes first when there is not enough for all. */
  readonly priority: "control" | "tasks";
  /** When its instances may be replaced; without it all at once, as far as the platform does that. */
  readonly turns?: Turns;
  /** The machine of the stack that it runs on, by name. */
  readonly machine?: string;
  /** Where it may run; a platform without nodes refuses it. */
  readonly nodes?: Nodes;
}

/** What is put into an image. */
export interface ImageArgs {
  readonly base: string;
  /** Absolute path of the DAG files. */
  readonly folder: string;
  /** Of an image registry, without a tag. */
  readonly repository: string;
}

/** A service that people reach from elsewhere. */
export interface Publication {
  readonly endpoint: Endpoint;
  /** Of the machine, for TLS. */
  readonly port: number;
  /** Paths that ask for no login, and so are not published. */
  readonly withheld: readonly string[];
}

/** How people reach services from elsewhere. */
export interface EntranceArgs {
  /** IPv4 address of the machine, or 0.0.0.0 for all of them. */
  readonly address: string;
  /** Certificate with those that lead from it to its authority, in PEM. */
  readonly certificate: string;
  /** Its private key, in PEM. */
  readonly key: pulumi.Input<string>;
  readonly publications: readonly Publication[];
}

/** Where workloads run. */
export interface Platform {
  /** Domains that the names of a stack's services may have at their end. */
  readonly domains: readonly string[];
  /** Whether each instance of a service is reached by its own name from everywhere; otherwise by the service's only. */
  readonly namesInstances: boolean;
  /** Storage that survives the containers, and `npm run down`. */
  volume(name: string, sharing: Sharing): Volume;
  /** Keeps a workload running; resolves once it is healthy. */
  service(name: string, service: Service, opts: pulumi.CustomResourceOptions): void;
  /** Runs a workload to success; depending on the result means depending on that success. */
  job(name: string, job: Job, opts: pulumi.CustomResourceOptions): pulumi.Input<pulumi.Resource>;
  /** An image with a folder of DAG files in it, pushed to a repository: its name there, by digest. */
  image(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions): pulumi.Input<string>;
  /**
   * A secret that is there already, by the name of its Secret and its key in it.
   * @throws Error where there are no such Secrets
   */
  secret(name: string, key: string): pulumi.Output<string>;
  /** The address of a service on this platform. */
  endpoint(name: string, port: number): Endpoint;
  /**
   * Lets people reach services from elsewhere, over TLS alone, where the first of them runs.
   * @throws Error in a cluster, whose ingress does that
   */
  publish(name: string, args: EntranceArgs, opts: pulumi.CustomResourceOptions): void;
  /** Where people find a service that has a loopback port. */
  url(name: string, loopbackPort: number): string;
}

/** The instances of a service, by the names that they call themselves. */
export function instances(name: string, { replicas }: Pick<Service, "replicas">): readonly string[] {
  return replicas === undefined
    ? [name]
    : Array.from({ length: replicas }, (_, index) => `${name}-${index + 1}`);
}
