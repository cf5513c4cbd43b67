import { localImage } from "./images/local.ts";
import type { Given, Parsed } from "./settings.ts";
import type { Nodes } from "./workload.ts";

/** One thing wrong: the names and numbers that lead to it, and what is allowed instead. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

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
  readonly nodes?: Nodes;
  readonly autoscale?: { readonly min: number; readonly max: number };
}

/** What a stack says, checked. */
export type Settings = Omit<
  Parsed,
  | "workers"
  | "workerConcurrency"
  | "workerMemory"
  | "workerCpu"
  | "workerAutoscale"
  | "machines"
  | "workerGroups"
> & { readonly groups: readonly WorkerGroup[] };

type Machine = NonNullable<Parsed["machines"]>[string];

function labelsOf({ node, labels }: Machine): Nodes["labels"] {
  return node === undefined ? (labels ?? {}) : { "kubernetes.io/hostname": node };
}

function span(concurrency: Parsed["workerConcurrency"]): WorkerGroup["concurrency"] {
  return typeof concurrency === "number" ? { min: concurrency, max: concurrency } : concurrency;
}

/** The default group, on each machine if there are any, and the others. */
function groupsOf(parsed: Parsed): WorkerGroup[] {
  const { machines = {}, workers = 2, workerAutoscale: autoscale } = parsed;
  const shared = {
    queues: [],
    concurrency: span(parsed.workerConcurrency),
    memory: parsed.workerMemory,
    cpu: parsed.workerCpu,
  };
  const onMachines = Object.entries(machines).map(([name, machine]) => ({
    ...shared,
    name: `worker-${name}`,
    workers: machine.workers,
    nodes: { labels: labelsOf(machine), tolerations: [] },
  }));
  const anywhere = { ...shared, name: "worker", workers, ...(autoscale && { autoscale }) };
  const others = parsed.workerGroups.map((group): WorkerGroup => {
    const machine = group.machine === undefined ? undefined : machines[group.machine];
    const labels = { ...(machine && labelsOf(machine)), ...group.nodeLabels };
    const { tolerations = [] } = group;
    const placed = Object.keys(labels).length > 0 || tolerations.length > 0;
    return {
      name: `worker-${group.name}`,
      queues: group.queues,
      workers: group.workers ?? 1,
      concurrency: span(group.concurrency ?? parsed.workerConcurrency),
      memory: group.memory ?? parsed.workerMemory,
      cpu: group.cpu ?? parsed.workerCpu,
      ...(placed && { nodes: { labels, tolerations } }),
      ...(group.autoscale && { autoscale: group.autoscale }),
    };
  });
  return [...(parsed.machines ? onMachines : [anywhere]), ...others];
}

export function withGroups(parsed: Parsed): Settings {
  const {
    workers,
    workerConcurrency,
    workerMemory,
    workerCpu,
    workerAutoscale,
    machines,
    workerGroups,
    ...rest
  } = parsed;
  return { ...rest, groups: groupsOf(parsed) };
}

function placement(parsed: Parsed): Fault[] {
  const faults: Fault[] = [];
  const { machines, workerGroups } = parsed;
  for (const other of ["workers", "workerAutoscale"] as const) {
    if (machines && parsed[other] !== undefined) {
      faults.push({
        path: [other],
        message: "allowed is either this or machines, which count workers of their own",
      });
    }
  }
  workerGroups.forEach(({ machine, workers, autoscale }, at) => {
    if (machine !== undefined && !machines?.[machine]) {
      const known = Object.keys(machines ?? {}).join(", ") || "none, since the stack has no machines";
      faults.push({
        path: ["workerGroups", at, "machine"],
        message: `allowed is a name in machines: ${known}`,
      });
    }
    if (workers !== undefined && autoscale) {
      faults.push({ path: ["workerGroups", at, "workers"], message: "allowed is either this or autoscale" });
    }
  });
  if (parsed.workers !== undefined && parsed.workerAutoscale) {
    faults.push({ path: ["workers"], message: "allowed is either this or workerAutoscale" });
  }
  const taken = new Set(Object.keys(machines ?? {}));
  workerGroups.forEach(({ name }, at) => {
    if (taken.has(name))
      faults.push({ path: ["workerGroups", at, "name"], message: "allowed is a name of its own" });
    taken.add(name);
  });
  return faults;
}

/** What one engine without nodes cannot do. */
function clusterOnly(parsed: Parsed): Fault[] {
  const message = "it needs platform: kubernetes";
  const keys = (["kubernetes", "machines", "workerAutoscale"] as const).filter(
    (key) => parsed[key] !== undefined,
  );
  const inGroups = parsed.workerGroups.flatMap((group, at) =>
    (["machine", "nodeLabels", "tolerations", "autoscale"] as const)
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
    ...placement(parsed),
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
