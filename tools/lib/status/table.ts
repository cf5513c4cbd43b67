/** A copy of a workload that runs or has ended. */
export interface Instance {
  /** `scheduler`, `worker-1`; in a cluster, the pod's name. */
  readonly name: string;
  /** `missing` if the instance does not exist. */
  readonly state: string;
  /** Health; the exit code, if the instance has ended. */
  readonly health: string;
  /** Last output of the health check, if any. */
  readonly said?: string | undefined;
  readonly image: string;
  /** Time of the last start, or of the end. */
  readonly since?: Date | undefined;
  /** True if the instance is as it should be. */
  readonly fine: boolean;
}

/** Instances on a machine, or why they are unknown. */
export type MachineFacts = { readonly name: string } & (
  | { readonly instances: readonly Instance[] }
  | { readonly cause: string }
);

export interface WorkerTasks {
  readonly queues: readonly string[];
  /** Running tasks by queue. */
  readonly running: Readonly<Record<string, number>>;
}

/** Flower's facts, or why they are unknown. */
export type TaskFacts =
  | {
      /** Tasks by worker instance; null for a worker that gave no answer. */
      readonly workers: Readonly<Record<string, WorkerTasks | null>>;
      /** Waiting tasks by queue. */
      readonly queued: Readonly<Record<string, number>>;
    }
  | { readonly cause: string };

export interface Facts {
  readonly machines: readonly MachineFacts[];
  readonly tasks: TaskFacts;
  /** Queues that hold tasks and that no worker reads. */
  readonly unread: readonly string[];
}

type Row = readonly string[];

const { compare } = new Intl.Collator("en", { numeric: true });

/** True if the name is a worker's. */
export function isWorker(name: string): boolean {
  return name.startsWith("worker");
}

/** Shortens an image name: no registry or repository, and only the start of a digest: `airflow:3.3.2-1a2b`. */
export function short(image: string): string {
  return image.replace(/^.*\//, "").replace(/(?:sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, "$1");
}

/** Says how long ago a time was. */
export function ago(since: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86400)} d ago`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** Aligns texts in columns. The last text of a row does not widen its column. */
export function aligned(rows: readonly Row[]): string {
  const width = (column: number) =>
    Math.max(...rows.map((row) => (column < row.length - 1 ? (row[column]?.length ?? 0) : 0)));
  const line = (row: Row) => row.map((text, at) => text.padEnd(width(at))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

function work(name: string, tasks: TaskFacts): Row {
  const worker = "cause" in tasks ? undefined : tasks.workers[name];
  if (worker === undefined) return ["", ""];
  return worker ? [worker.queues.toSorted(compare).join(","), String(sum(worker.running))] : ["?", "?"];
}

function machineRows(machine: MachineFacts, tasks: TaskFacts, now: Date): Row[] {
  if ("cause" in machine) return [[machine.name, `does not answer: ${machine.cause}`]];
  return machine.instances
    .toSorted((one, other) => compare(one.name, other.name))
    .map(({ name, state, health, image, since }) => {
      const when = since ? ago(since, now) : "";
      return [machine.name, name, state, health, short(image), when, ...work(name, tasks)];
    });
}

function queueTable(tasks: TaskFacts, unread: readonly string[]): string {
  if ("cause" in tasks) return `Queues and tasks are not known: ${tasks.cause}`;
  const { workers, queued } = tasks;
  const answers = Object.values(workers).filter((worker) => worker !== null);
  const names = new Set([
    ...Object.keys(queued),
    ...answers.flatMap(({ queues, running }) => [...queues, ...Object.keys(running)]),
  ]);
  const rows = [...names].toSorted(compare).map((name) => {
    const running = answers.reduce((total, worker) => total + (worker.running[name] ?? 0), 0);
    const mark = unread.includes(name) ? "no worker reads it" : "";
    return [name, String(queued[name] ?? 0), String(running), mark];
  });
  return aligned([["queue", "queued", "running", ""], ...rows]);
}

/** Tables of the instances and the queues. */
export function statusTable({ machines, tasks, unread }: Facts, now: Date): string {
  const head = ["machine", "instance", "state", "health", "image", "since", "queues", "running"];
  const rows = machines.flatMap((machine) => machineRows(machine, tasks, now));
  return `${aligned([head, ...rows])}\n\n${queueTable(tasks, unread)}`;
}

/** Lists what is not as it should be. */
export function troubles({ machines, tasks, unread }: Facts): string[] {
  const found = machines.flatMap((machine) => {
    if ("cause" in machine) return [`${machine.name} does not answer`];
    return machine.instances
      .filter(({ fine, said }) => !fine || said !== undefined)
      .map(({ name, state, health, said }) => {
        const is = `${name} on ${machine.name} is ${state}${health && ` (${health})`}`;
        return said === undefined ? is : `${is}: ${said}`;
      });
  });
  if ("cause" in tasks) return [...found, "queues and tasks are not known"];
  const waiting = unread.map(
    (queue) => `${tasks.queued[queue]} task(s) wait in queue ${queue}, which no worker reads`,
  );
  return [...found, ...waiting];
}
