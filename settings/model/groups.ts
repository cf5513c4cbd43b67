import { derivedImage, type Packages } from "../../images/derived.ts";
import { type ImageName, localImage } from "../../images/local.ts";
import type { Nodes } from "../../workload.ts";
import { counted, type MachineSettings } from "../schema/machines.ts";
import type { ParsedConfig } from "../schema/schema.ts";
import { defaultWorkers } from "../schema/workers.ts";
import { packagesOf } from "./packages.ts";

/** Workers with the same queues, size and place. */
export interface WorkerGroup {
  /** Name of the service: `worker`, `worker-gpu`. */
  readonly name: string;
  /** If empty, Airflow's default queue. */
  readonly queues: readonly string[];
  readonly workers: number;
  /** Tasks that one worker runs at once: grows from min to max with the work. */
  readonly concurrency: { readonly min: number; readonly max: number };
  /** MiB. */
  readonly memory: number;
  /** Cores. */
  readonly cpu: number;
  /** Name in `machines`. */
  readonly machine?: string;
  readonly nodes?: Nodes;
  readonly autoscale?: { readonly min: number; readonly max: number };
}

type Size = Omit<WorkerGroup, "name" | "workers" | "machine" | "autoscale">;

/** Checked settings of a stack, with all defaults resolved. */
export type Settings = Omit<
  ParsedConfig,
  | "workers"
  | "workerConcurrency"
  | "workerMinConcurrency"
  | "workerMemory"
  | "workerCpu"
  | "workerAutoscale"
  | "workerGroups"
  | "images"
> & {
  readonly groups: readonly WorkerGroup[];
  readonly images: Readonly<Record<ImageName, string>>;
  /** Packages added to Airflow's image. */
  readonly packages?: Packages;
};

function span(max: number, min = max): WorkerGroup["concurrency"] {
  return { min, max };
}

/** Names the service of a group's workers, or of those on one machine; `default` is the default group. */
export function groupName(group: string, machine?: string): string {
  return [
    "worker",
    ...(group === "default" ? [] : [group]),
    ...(machine === undefined ? [] : [machine]),
  ].join("-");
}

/** Makes a group for each machine that counts workers of it. */
function onMachines(group: string, machines: readonly Counting[], size: Size): WorkerGroup[] {
  return machines.flatMap((machine) => {
    const { [group]: workers } = counted(machine);
    return workers === undefined
      ? []
      : [{ ...size, name: groupName(group, machine.name), workers, machine: machine.name }];
  });
}

/** Parts of a stack that decide its groups. */
export const groupParts = [
  "workers",
  "workerConcurrency",
  "workerMinConcurrency",
  "workerMemory",
  "workerCpu",
  "workerAutoscale",
  "workerGroups",
  "machines.name",
  "machines.workers",
] as const;

type Counting = Pick<MachineSettings, "name" | "workers">;

export type Grouping = Pick<ParsedConfig, Exclude<(typeof groupParts)[number], `${string}.${string}`>> & {
  readonly machines?: readonly Counting[] | undefined;
};

/** Lists the default group and the others; a group that machines count becomes one group per machine. */
export function groupsOf(parsed: Grouping): WorkerGroup[] {
  const { machines = [], workers = defaultWorkers, workerAutoscale: autoscale } = parsed;
  const size: Size = {
    queues: [],
    concurrency: span(parsed.workerConcurrency, parsed.workerMinConcurrency),
    memory: parsed.workerMemory,
    cpu: parsed.workerCpu,
  };
  const anywhere = { ...size, name: groupName("default"), workers, ...(autoscale && { autoscale }) };
  const others = parsed.workerGroups.flatMap((group): WorkerGroup[] => {
    const { nodeLabels: labels = {}, tolerations = [] } = group;
    const picky = Object.keys(labels).length > 0 || tolerations.length > 0;
    const own: Size = {
      queues: group.queues,
      concurrency: span(
        group.concurrency ?? parsed.workerConcurrency,
        group.minConcurrency ?? (group.concurrency === undefined ? parsed.workerMinConcurrency : undefined),
      ),
      memory: group.memory ?? parsed.workerMemory,
      cpu: group.cpu ?? parsed.workerCpu,
      ...(picky && { nodes: { labels, tolerations } }),
    };
    const counted = onMachines(group.name, machines, own);
    if (counted.length > 0) return counted;
    return [
      {
        ...own,
        name: groupName(group.name),
        workers: group.workers ?? 1,
        ...(group.machine !== undefined && { machine: group.machine }),
        ...(group.autoscale && { autoscale: group.autoscale }),
      },
    ];
  });
  return [...(parsed.machines ? onMachines("default", machines, size) : [anywhere]), ...others];
}

/** Resolves a parsed stack to worker groups, image names and packages. */
export function resolved(parsed: ParsedConfig): Settings {
  const {
    workers,
    workerConcurrency,
    workerMinConcurrency,
    workerMemory,
    workerCpu,
    workerAutoscale,
    workerGroups,
    images,
    ...rest
  } = parsed;
  const packages = packagesOf(parsed);
  return {
    ...rest,
    groups: groupsOf(parsed),
    images: imagesOf(parsed, packages),
    ...(packages && { packages }),
  };
}

/** Picks the images that a stack names, and for the others the ones built here. */
function imagesOf({ platform, images, version }: ParsedConfig, packages?: Packages): Settings["images"] {
  const names = ["airflow", "postgres", "redis", "gateway", "pgbouncer"] as const;
  const entries = names.map((name) => [name, images[name] ?? localImage(name, version)]);
  // In a cluster, `images.airflow` already has the packages.
  const derived = packages && platform === "docker" && { airflow: derivedImage(packages) };
  return { ...(Object.fromEntries(entries) as Settings["images"]), ...derived };
}
