import type * as pulumi from "@pulumi/pulumi";

/** Strings by name. Values may be outputs of other resources. */
export type Values = Readonly<Record<string, pulumi.Input<string>>>;

/** A directory in memory, writable by every user and empty at each start of a container. */
export const runtimeDirectory = "/dev/shm";

/** Default size of {@link runtimeDirectory}, in MiB. */
export const usualSharedMemory = 64;

/** Directory with a workload's secrets, one file each. */
export const secretsDirectory = "/run/secrets";

/**
 * A mount. `data`: storage that outlives its containers; `directory`: a read-only directory of the deploying
 * machine; `host`: a directory of the machine that the workload runs on, which a cluster refuses.
 */
export type Volume =
  | {
      readonly kind: "data";
      readonly name: pulumi.Input<string>;
      readonly sharing: Sharing;
      /** Image directory whose owner a volume gets on an engine; in a cluster the pod's group may write. */
      readonly like?: string;
    }
  | { readonly kind: "directory"; readonly path: string }
  | {
      readonly kind: "host";
      readonly path: string;
      /** Default: read-only. */
      readonly writable?: true;
    };

/** Labels for people and their tools; nothing in the stack depends on them. */
export type Labels = Readonly<Record<string, string>>;

/** Users of a volume: one container at a time, or many, on many nodes of a cluster. */
export type Sharing = "exclusive" | "shared";

/** Health check of a workload; a workload that stops serving is restarted. */
export interface Health {
  /**
   * Runs inside the container again and again, so it must be cheap. Exit status 0 means healthy, 75 in progress: the
   * workload loads or recovers, and is not restarted meanwhile. Prints only what a person needs to know.
   */
  readonly command: readonly string[];
  /** Seconds until a start without CPU time counts as hung and is repeated; four times as many for a slow start, no limit with status 75. */
  readonly startSeconds: number;
  /** Seconds that a deployment waits, where status 75 may last long; default four times `startSeconds`. */
  readonly awaitedSeconds?: number;
}

/** Orderly end of a workload, which finishes or saves its work. */
export interface Stop {
  readonly signal: "SIGTERM" | "SIGINT";
  /** Seconds between the signal and the kill. */
  readonly graceSeconds: number;
}

/** Upper limits of a workload. */
export interface Limits {
  /** MiB; there is no swap beyond it. */
  readonly memory: number;
  /** Cores. */
  readonly cpu: number;
}

/** Nodes of a cluster that a service may run on. */
export interface Nodes {
  readonly labels: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
}

/** A node taint that a service tolerates. */
interface Toleration {
  readonly key: string;
  /** Value of the taint; if absent, any value. */
  readonly value?: string | undefined;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** A Postgres database, for clients outside the stack. */
export interface DatabaseLogin {
  readonly target: Target;
  /** Secret. If the database is in the stack, the host is the name that it has there. */
  readonly login: pulumi.Output<{
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
    /** As in libpq. */
    readonly sslmode: string;
  }>;
}

/** Scales the number of instances with the work to do. */
export interface Autoscale {
  readonly min: number;
  readonly max: number;
  readonly database: DatabaseLogin;
  /** SQL that counts waiting and running work. */
  readonly query: string;
  /** Counted items per instance. */
  readonly countPerInstance: number;
}

/** Interchangeable instances that are replaced in turns, so that some of them serve at any time. */
export interface Turns {
  /** Shared by all services whose instances are interchangeable. */
  readonly key: string;
  /** Instances that may be down at a time. */
  readonly atOnce: number;
  /** Instances that exist already; new ones need not wait. */
  readonly deployed: readonly string[];
}

/** Address at which other workloads reach a service. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A service outside the stack. Its host may be secret, so a platform learns only the port. */
export interface Outside {
  readonly outside: string;
  readonly port: pulumi.Input<number>;
  /** Its only IPv4 address; a platform that can block all others does. */
  readonly address?: string;
}

/** A service that a workload connects to. */
export type Target = Endpoint | Outside;

/** True for a service of the stack itself. */
export function isInside(target: Target): target is Endpoint {
  return "host" in target;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields of Kubernetes that a stack adds to the pods of a workload, as the API has them. */
export interface PodExtras {
  readonly annotations?: Labels | undefined;
  readonly affinity?: Fields | undefined;
  readonly initContainers?: readonly (Fields & { readonly name: string })[] | undefined;
  readonly volumes?: readonly (Fields & { readonly name: string })[] | undefined;
  readonly volumeMounts?: readonly (Fields & { readonly mountPath: string })[] | undefined;
}

/** A program that runs to success once. Values may be inputs, unless they decide the number of resources. */
export interface Job {
  readonly image: pulumi.Input<string>;
  /** The complete argument list of the container's main process. */
  readonly command: readonly string[];
  readonly user: { readonly uid: number; readonly gid: number };
  readonly env?: Values;
  /** Contents by file name in {@link secretsDirectory}: invisible in `docker inspect` and in a pod spec. */
  readonly secrets?: Values;
  /** Contents by absolute path, read-only for the program. */
  readonly files?: Values;
  /** Labels of its containers or pods, besides those of the whole stack. */
  readonly labels?: Labels;
  /** Further fields of its pods; a platform without pods refuses them. */
  readonly pod?: PodExtras;
  /** Addresses of additional hosts, by host name. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Volumes by absolute mount path. */
  readonly volumes?: Readonly<Record<string, Volume>>;
  /** Directories besides volumes that the program writes to; a platform may make all others read-only. */
  readonly scratch?: readonly string[];
  readonly limits: Limits;
  /** MiB that {@link runtimeDirectory} may hold, as a part of the memory; default {@link usualSharedMemory}. */
  readonly sharedMemory?: number;
  /** Services that the program connects to; a platform that can block all others does. */
  readonly reaches: readonly Target[];
  /** True if the program also connects to addresses outside the stack. */
  readonly outbound?: boolean;
  readonly stop: Stop;
  /** Seconds after which the job counts as failed, where the platform's own limit may be too short. */
  readonly maxSeconds?: number;
}

/** Alert about series, as Prometheus reads it. */
export interface AlertRule {
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  /** Duration, such as `60s`. */
  readonly for: string;
  readonly annotations: Values;
}

/** Series that a service has at `/metrics` of its port, for a Prometheus outside the stack. */
export interface Metrics {
  /** Label `job` of the series. */
  readonly job: string;
  readonly rules: readonly AlertRule[];
}

/** A program that is kept running. */
export interface Service extends Omit<Job, "maxSeconds"> {
  readonly healthy: Health;
  /** Port at which other workloads reach the service. */
  readonly port?: number;
  /** Port of the local loopback interface that leads people to `port`; a second instance has the next one. */
  readonly loopbackPort?: number;
  /** Number of instances, numbered from 1; if absent, one instance without a number. */
  readonly replicas?: number;
  /** Replaces `replicas` by a number that follows the work; a platform that cannot scale refuses it. */
  readonly autoscale?: Autoscale;
  /** True if each instance keeps its name and its data, and is stopped before its successor starts. */
  readonly stateful?: boolean;
  readonly metrics?: Metrics;
  /** True if the service runs code of DAGs, which a cluster gives access to its API where the stack allows that. */
  readonly runsTasks?: boolean;
  /** Precedence when resources do not suffice for all workloads. */
  readonly priority: "control" | "tasks";
  /** Turns in which instances are replaced; if absent, all at once, as far as the platform does that. */
  readonly turns?: Turns;
  /** Name of the stack's machine that the service runs on. */
  readonly machine?: string;
  /** Nodes that the service may run on; a platform without nodes refuses them. */
  readonly nodes?: Nodes;
}

/** Contents and destination of an image with DAG files. */
export interface ImageArgs {
  readonly base: string;
  /** Absolute path of the DAG files. */
  readonly folder: string;
  /** Repository of an image registry, without a tag. */
  readonly repository: string;
}

/** A service that people reach from other machines. */
export interface Publication {
  readonly endpoint: Endpoint;
  /** TLS port of the machine. */
  readonly port: number;
  /** Paths that are not published, since they ask for no login. */
  readonly withheld: readonly string[];
}

/** Publication of services to people on other machines. */
export interface PublishArgs {
  /** IPv4 address of the machine, or 0.0.0.0 for all of them. */
  readonly address: string;
  /** Certificate, with the intermediate ones up to its authority, in PEM. */
  readonly certificate: string;
  /** Private key of the certificate, in PEM. */
  readonly key: pulumi.Input<string>;
  readonly publications: readonly Publication[];
}

/** Runs workloads: on Docker engines or in a Kubernetes cluster. */
export interface Platform {
  /** Domain suffixes that the names of a stack's services may have. */
  readonly domains: readonly string[];
  /** True if each instance is reached by its own name from everywhere; otherwise by its service's name. */
  readonly namesInstances: boolean;
  /** Earliest end of the gateways' certificates; absent without gateways. */
  readonly gatewaysEnd?: pulumi.Output<Date | undefined>;
  /** Bytes that an instance may write outside its volumes, its log included; absent if the disk is the only limit. */
  readonly scratchLimit?: number;
  /** Returns storage that survives the containers, and `npm run down`. */
  volume(name: string, sharing: Sharing): Volume;
  /** Keeps volumes that no workload has now, after all workloads: names on the platform, which it returns, by resource. */
  keep(earlier: ReadonlyMap<string, string>): readonly string[];
  /** Keeps a workload running; its resources are complete once the workload is healthy. */
  service(name: string, service: Service, opts: pulumi.CustomResourceOptions): void;
  /** Runs a workload to success; depending on the result means depending on that success. */
  job(name: string, job: Job, opts: pulumi.CustomResourceOptions): pulumi.Input<pulumi.Resource>;
  /** Builds an image with a folder of DAG files, and pushes it. Returns its name there, by digest. */
  image(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions): pulumi.Input<string>;
  /**
   * Reads an existing secret, by the name of its Kubernetes Secret and the key in it.
   * @throws Error on a platform without Kubernetes Secrets
   */
  secret(name: string, key: string): pulumi.Output<string>;
  /** Returns the address of a service on this platform. */
  endpoint(name: string, port: number): Endpoint;
  /**
   * Lets people reach services from other machines, over TLS only, at the machine that runs the first one.
   * @throws Error in a cluster, whose ingress does that
   */
  publish(name: string, args: PublishArgs, opts: pulumi.CustomResourceOptions): void;
  /** Returns the URL at which people find a service that has a loopback port. */
  url(name: string, loopbackPort: number): string;
}

/** Lists the names by which the instances of a service call themselves. */
export function instances(name: string, { replicas }: Pick<Service, "replicas">): readonly string[] {
  return replicas === undefined
    ? [name]
    : Array.from({ length: replicas }, (_, index) => `${name}-${index + 1}`);
}
