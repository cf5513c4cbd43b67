import { capabilities } from "../../capabilities.ts";
import { derivedImage, type Packages } from "../../images/derived.ts";
import { type ImageName, localImage } from "../../images/local.ts";
import type { Nodes } from "../../workload.ts";
import { counted, type MachineSettings } from "../schema/machines.ts";
import type { ParsedConfig } from "../schema/schema.ts";
import { defaultWorkers } from "../schema/workers.ts";
import { packagesOf } from "./packages.ts";

/** Workers with the same queues, size and nodes. */
export interface WorkerGroup {
  /** Name of the service: `worker`, `worker-gpu`. */
  readonly name: string;
  /** Names of queues; if empty, the workers read Airflow's default queue. */
  readonly queues: readonly string[];
  readonly workers: number;
  /** Tasks that one worker runs at once; the number grows from min to max with the work. */
  readonly concurrency: { readonly min: number; readonly max: number };
  /** MiB. */
  readonly memory: number;
  /** Cores. */
  readonly cpu: number;
  /** Name in `machines`. */
  readonly machine?: string;
  readonly nodes?: Nodes;
  readonly autoscale?: { readonly min: number; readonly max: number };
  /** Triggerers for the tasks that these workers defer; if absent, those of the stack. */
  readonly triggerers?: OwnTriggerers;
}

/** Triggerers of a group's own, for all of its workers, also if machines count these. */
interface OwnTriggerers {
  /** Name of the service: `triggerer-gpu`. */
  readonly name: string;
  readonly count: number;
}

/** Number and concurrency of a group's workers, on one machine if machines count them. */
export type WorkerCount = Pick<
  WorkerGroup,
  "name" | "workers" | "concurrency" | "machine" | "autoscale" | "triggerers"
> & {
  /** Name in `workerGroups`, or `default`. */
  readonly group: string;
};

/** Settings of a stack, checked, with images and worker groups resolved. */
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

/** Returns the name of the service of a group's workers: `worker`, `worker-gpu`, `worker-gpu-MACHINE`. */
export function groupName(group: string, machine?: string): string {
  return [
    "worker",
    ...(group === "default" ? [] : [group]),
    ...(machine === undefined ? [] : [machine]),
  ].join("-");
}

/** Returns the name of the service of a group's own triggerers. */
export function triggererName(group: string): string {
  return `triggerer-${group}`;
}

/**
 * Lists the services of groups' own triggerers, each with the first of its groups, beside whose workers it runs: if
 * machines count the workers of a group, the triggerers are on the first of these machines.
 */
export function triggerersOf<G extends Pick<WorkerGroup, "triggerers">>(
  groups: readonly G[],
): (OwnTriggerers & { readonly group: G })[] {
  const services = groups.flatMap((group) => (group.triggerers ? [{ ...group.triggerers, group }] : []));
  return services.filter(({ name }, at) => services.findIndex((service) => service.name === name) === at);
}

/** Lists the services of groups, workers and triggerers, with the name of the machine on which a group has them. */
export function placedServices(
  groups: readonly WorkerGroup[],
): (Pick<WorkerGroup, "name"> & { readonly machine: string | undefined })[] {
  const own = triggerersOf(groups).map(({ name, group }) => ({ name, machine: group.machine }));
  return [...groups.map(({ name, machine }) => ({ name, machine })), ...own];
}

/** Paths of the parts of a stack that decide how many workers each group has, and on which machine. */
export const groupParts = [
  "workers",
  "workerConcurrency",
  "workerMinConcurrency",
  "workerAutoscale",
  "workerGroups.name",
  "workerGroups.workers",
  "workerGroups.concurrency",
  "workerGroups.minConcurrency",
  "workerGroups.machine",
  "workerGroups.autoscale",
  "workerGroups.triggerers",
  "machines.name",
  "machines.workers",
] as const;

type GroupSettings = ParsedConfig["workerGroups"][number];

export type CountInputs = Pick<
  ParsedConfig,
  "workers" | "workerConcurrency" | "workerMinConcurrency" | "workerAutoscale"
> & {
  readonly workerGroups: readonly Pick<
    GroupSettings,
    "name" | "workers" | "concurrency" | "minConcurrency" | "machine" | "autoscale" | "triggerers"
  >[];
  readonly machines?: readonly Pick<MachineSettings, "name" | "workers">[] | undefined;
};

/** Counts the workers of all groups, the default group first; on each machine, if machines count them. */
export function countsOf(parsed: CountInputs): WorkerCount[] {
  const { machines = [], workerConcurrency: max, workerMinConcurrency: least } = parsed;
  const onMachines = (group: string, shared: Pick<WorkerCount, "concurrency" | "triggerers">) =>
    machines.flatMap(({ name: machine, ...counts }): WorkerCount[] => {
      const { [group]: workers } = counted(counts);
      const name = groupName(group, machine);
      return workers === undefined ? [] : [{ group, name, workers, machine, ...shared }];
    });
  const others = parsed.workerGroups.flatMap((group): WorkerCount[] => {
    const { name, concurrency: groupMax, workers = 1, machine, autoscale, triggerers: count } = group;
    const min = group.minConcurrency ?? groupMax ?? least ?? max;
    const shared = {
      concurrency: { min, max: groupMax ?? max },
      ...(count !== undefined && { triggerers: { name: triggererName(name), count } }),
    };
    const found = onMachines(name, shared);
    if (found.length > 0) return found;
    const place = { ...(machine !== undefined && { machine }), ...(autoscale && { autoscale }) };
    return [{ group: name, name: groupName(name), workers, ...shared, ...place }];
  });
  const { workers = defaultWorkers, workerAutoscale: autoscale } = parsed;
  const concurrency = { min: least ?? max, max };
  const anywhere = {
    group: "default",
    name: groupName("default"),
    workers,
    concurrency,
    ...(autoscale && { autoscale }),
  };
  return [...(parsed.machines ? onMachines("default", { concurrency }) : [anywhere]), ...others];
}

/** Lists the groups of workers; a group whose workers machines count becomes one group for each machine. */
function groupsOf(parsed: ParsedConfig): WorkerGroup[] {
  return countsOf(parsed).map(({ group, ...count }) => {
    const settings: Partial<GroupSettings> = parsed.workerGroups.find(({ name }) => name === group) ?? {};
    const { queues = [], memory = parsed.workerMemory, cpu = parsed.workerCpu } = settings;
    const { nodeLabels: labels = {}, tolerations = [] } = settings;
    const choosesNodes = Object.keys(labels).length > 0 || tolerations.length > 0;
    return { ...count, queues, memory, cpu, ...(choosesNodes && { nodes: { labels, tolerations } }) };
  });
}

/** Resolves a parsed stack: its worker groups, image names and packages. */
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

/** Returns the images that a stack names, and for all others the images built here. */
function imagesOf({ platform, images, version }: ParsedConfig, packages?: Packages): Settings["images"] {
  const names = ["airflow", "postgres", "redis", "gateway", "pgbouncer", "backup", "monitoring"] as const;
  const entries = names.map((name) => [name, images[name] ?? localImage(name, version)]);
  // A pushed image already has the packages.
  const derived = packages && capabilities[platform].localImages && { airflow: derivedImage(packages) };
  return { ...(Object.fromEntries(entries) as Settings["images"]), ...derived };
}

/** True if all containers of a stack run on one machine. */
export function isOnOneMachine({
  platform,
  machines = [],
}: Pick<Settings, "platform" | "machines">): boolean {
  return capabilities[platform].engines && machines.length <= 1;
}

/** True if a machine's containers and volumes share a disk, as on an engine; in a cluster each volume has a size of its own. */
export function sharesDisk({ platform }: Pick<Settings, "platform">): boolean {
  return capabilities[platform].engines;
}
