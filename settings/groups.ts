import { type ImageName, localImage } from "../images/local.ts";
import type { Nodes } from "../workload.ts";
import type { MachineSettings } from "./machines.ts";
import { counted, type Fault, placementFaults } from "./placement.ts";
import type { Given, Stated } from "./schema.ts";

/** Workers that are alike: the same queues, size and place. */
export interface WorkerGroup {
  /** Of the service: `worker`, `worker-gpu`. */
  readonly name: string;
  /** None: Airflow's default queue. */
  readonly queues: readonly string[];
  readonly workers: number;
  /** Tasks that one worker runs side by side: grows from min to max with what there is to do. */
  readonly concurrency: { readonly min: number; readonly max: number };
  /** MiB. */
  readonly memory: number;
  /** Cores. */
  readonly cpu: number;
  /** By its name in `machines`. */
  readonly machine?: string;
  readonly nodes?: Nodes;
  readonly autoscale?: { readonly min: number; readonly max: number };
}

type Size = Omit<WorkerGroup, "name" | "workers" | "machine" | "autoscale">;

/** What a stack says, checked. */
export type Settings = Omit<
  Stated,
  | "workers"
  | "workerConcurrency"
  | "workerMinConcurrency"
  | "workerMemory"
  | "workerCpu"
  | "workerAutoscale"
  | "workerGroups"
  | "images"
> & { readonly groups: readonly WorkerGroup[]; readonly images: Readonly<Record<ImageName, string>> };

function span(max: number, min = max): WorkerGroup["concurrency"] {
  return { min, max };
}

/** One group on each machine that counts it. */
function onMachines(group: string, machines: readonly MachineSettings[], size: Size): WorkerGroup[] {
  const prefix = group === "default" ? "worker" : `worker-${group}`;
  return machines.flatMap((machine) => {
    const { [group]: workers } = counted(machine);
    return workers === undefined
      ? []
      : [{ ...size, name: `${prefix}-${machine.name}`, workers, machine: machine.name }];
  });
}

/** The default group and the others, each where it is counted. */
function groupsOf(parsed: Stated): WorkerGroup[] {
  const { machines = [], workers = 2, workerAutoscale: autoscale } = parsed;
  const size: Size = {
    queues: [],
    concurrency: span(parsed.workerConcurrency, parsed.workerMinConcurrency),
    memory: parsed.workerMemory,
    cpu: parsed.workerCpu,
  };
  const anywhere = { ...size, name: "worker", workers, ...(autoscale && { autoscale }) };
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
        name: `worker-${group.name}`,
        workers: group.workers ?? 1,
        ...(group.machine !== undefined && { machine: group.machine }),
        ...(group.autoscale && { autoscale: group.autoscale }),
      },
    ];
  });
  return [...(parsed.machines ? onMachines("default", machines, size) : [anywhere]), ...others];
}

/** What a stack means by what it says. */
export function resolved(parsed: Stated): Settings {
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
  return { ...rest, groups: groupsOf(parsed), images: imagesOf(parsed) };
}

/** Those that a stack names, and for the others those that are built here. */
function imagesOf({ images }: Stated): Settings["images"] {
  const names = ["airflow", "postgres", "redis", "gateway"] as const;
  const entries = names.map((name) => [name, images[name] ?? localImage(name)]);
  return Object.fromEntries(entries) as Settings["images"];
}

/** What Docker engines, which have no nodes, cannot do. */
function clusterOnly(parsed: Stated): Fault[] {
  const message = "it needs platform: kubernetes";
  const keys = (["kubernetes", "workerAutoscale"] as const).filter((key) => parsed[key] !== undefined);
  const inGroups = parsed.workerGroups.flatMap((group, at) =>
    (["nodeLabels", "tolerations", "autoscale"] as const)
      .filter((key) => group[key] !== undefined)
      .map((key) => ({ path: ["workerGroups", at, key], message })),
  );
  return [...keys.map((key) => ({ path: [key], message })), ...inGroups];
}

/** What a cluster, which sees neither this machine's files nor its images, has to be given. */
function clusterNeeds(parsed: Stated): Fault[] {
  const images = (["airflow", "postgres", "redis"] as const).filter(
    (name) => parsed.images[name] === undefined,
  );
  const faults: Fault[] = images.map((name) => ({
    path: ["images", name],
    message:
      "allowed is an image of a registry: npm run images -- --push REPOSITORY builds, pushes and prints it",
  }));
  if (parsed.dagsImage === undefined && parsed.dagsGit === undefined) {
    faults.push({
      path: ["dagsImage"],
      message: "a cluster needs it, to push DAGs to, or dagsGit, to read them from",
    });
  }
  return faults;
}

/** Faults of values that are right by themselves. */
export function faultsBetween(parsed: Stated, given: Given): Fault[] {
  const faults = [
    ...placementFaults(parsed),
    ...(parsed.platform === "docker" ? clusterOnly(parsed) : clusterNeeds(parsed)),
  ];
  // A second webserver is published at the next port.
  const ports = `${parsed.webserverPort} to ${parsed.webserverPort + parsed.webservers - 1}`;
  if (
    parsed.flowerPort >= parsed.webserverPort &&
    parsed.flowerPort < parsed.webserverPort + parsed.webservers
  ) {
    const key = given.flowerPort === undefined ? "webserverPort" : "flowerPort";
    faults.push({
      path: [key],
      message: `the webserver has ports ${ports}, and Flower ${parsed.flowerPort}: allowed are different ones`,
    });
  }
  const spans = [
    {
      path: [],
      min: parsed.workerMinConcurrency,
      max: parsed.workerConcurrency,
      key: "workerMinConcurrency",
    },
    ...parsed.workerGroups.map((group, at) => ({
      path: ["workerGroups", at],
      min: group.minConcurrency,
      max: group.concurrency ?? parsed.workerConcurrency,
      key: "minConcurrency",
    })),
  ];
  for (const { path, min, max, key } of spans) {
    if (min === undefined || min <= max) continue;
    faults.push({
      path: [...path, key],
      message: `allowed is a number that is not above the concurrency, ${max}`,
    });
  }
  if (parsed.dagsImage !== undefined && parsed.dagsGit) {
    faults.push({ path: ["dagsGit"], message: "allowed is either this or dagsImage" });
  }
  if (parsed.dagsGit && given.dags !== undefined) {
    faults.push({ path: ["dags"], message: "allowed is either this or dagsGit" });
  }
  return faults;
}
