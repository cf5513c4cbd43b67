import { localImage } from "./images/local.ts";
import { counted, type Fault, placementFaults } from "./placement.ts";
import type { Given, MachineSettings, Parsed } from "./settings.ts";
import type { Nodes } from "./workload.ts";

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
  Parsed,
  "workers" | "workerConcurrency" | "workerMemory" | "workerCpu" | "workerAutoscale" | "workerGroups"
> & { readonly groups: readonly WorkerGroup[] };

function span(concurrency: Parsed["workerConcurrency"]): WorkerGroup["concurrency"] {
  return typeof concurrency === "number" ? { min: concurrency, max: concurrency } : concurrency;
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
function groupsOf(parsed: Parsed): WorkerGroup[] {
  const { machines = [], workers = 2, workerAutoscale: autoscale } = parsed;
  const size: Size = {
    queues: [],
    concurrency: span(parsed.workerConcurrency),
    memory: parsed.workerMemory,
    cpu: parsed.workerCpu,
  };
  const anywhere = { ...size, name: "worker", workers, ...(autoscale && { autoscale }) };
  const others = parsed.workerGroups.flatMap((group): WorkerGroup[] => {
    const { nodeLabels: labels = {}, tolerations = [] } = group;
    const picky = Object.keys(labels).length > 0 || tolerations.length > 0;
    const own: Size = {
      queues: group.queues,
      concurrency: span(group.concurrency ?? parsed.workerConcurrency),
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

export function withGroups(parsed: Parsed): Settings {
  const { workers, workerConcurrency, workerMemory, workerCpu, workerAutoscale, workerGroups, ...rest } =
    parsed;
  return { ...rest, groups: groupsOf(parsed) };
}

/** What Docker engines, which have no nodes, cannot do. */
function clusterOnly(parsed: Parsed): Fault[] {
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
function clusterNeeds(parsed: Parsed): Fault[] {
  const images = (["airflow", "postgres", "redis"] as const).filter(
    (name) => parsed.images[name] === localImage(name),
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
export function faultsBetween(parsed: Parsed, given: Given): Fault[] {
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
  if (parsed.dagsImage !== undefined && parsed.dagsGit) {
    faults.push({ path: ["dagsGit"], message: "allowed is either this or dagsImage" });
  }
  if (parsed.dagsGit && given.dags !== undefined) {
    faults.push({ path: ["dags"], message: "allowed is either this or dagsGit" });
  }
  return faults;
}
