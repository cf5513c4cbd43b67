import { plainAt, type SourcePath, type Tree } from "../source.ts";
import { namesIn } from "../units.ts";

/** Flags of a worker's command. */
export interface Flags {
  readonly queues?: string;
  readonly concurrency?: string;
  readonly autoscale?: string;
  /** Flags without a counterpart. */
  readonly others: readonly string[];
}

type Name = "queues" | "concurrency" | "autoscale";

const names: Readonly<Record<string, Name>> = {
  "-q": "queues",
  "-Q": "queues",
  "--queues": "queues",
  "-c": "concurrency",
  "--concurrency": "concurrency",
  "-a": "autoscale",
  "--autoscale": "autoscale",
};

/** Flags that need no counterpart in the stack: names of workers, files of their processes. */
const needless = new Set([
  "-H",
  "--celery-hostname",
  "-n",
  "--hostname",
  "-D",
  "--daemon",
  "--pid",
  "-l",
  "--loglevel",
]);

/** Reads the words after `worker`: `-q a,b`, `-qa,b`, `--queues=a,b`. */
export function flagsOf(args: readonly string[]): Flags {
  const words = args.flatMap(splitFlag);
  const flags: Partial<Record<Name, string>> = {};
  const others: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const name = names[word];
    if (name) {
      const next = words[index + 1] ?? "";
      const isValue = !next.startsWith("-");
      flags[name] = isValue ? next : "";
      if (isValue) index += 1;
    } else if (word.startsWith("-") && !needless.has(word)) others.push(word);
  }
  return { ...flags, others };
}

/** Splits a flag from the value in its word: `--queues=a`, `-q=a`, `-qa`. */
function splitFlag(word: string): string[] {
  const [, flag, value] = /^(--\w[\w-]*(?==)|-[A-Za-z])=?(.+)$/s.exec(word) ?? [];
  return flag === undefined || value === undefined ? [word] : [flag, value];
}

/** Lists the queues of a worker, each once; the default queue if the worker's command names none. */
function queuesOf({ queues = "" }: Flags, defaultQueue: string): string[] {
  const names = [...new Set(namesIn(queues))];
  return names.length > 0 ? names : [defaultQueue];
}

/** Worker group of the stack, made of services. */
export interface Group {
  /** Path in the stack; the default group is []. */
  readonly path: SourcePath;
  readonly name: string;
  readonly queues: readonly string[];
  /** Workers of all its services. */
  readonly workers: number;
}

/** A service of workers. */
interface WorkerService {
  readonly name: string;
  readonly tree: Tree;
  readonly flags: Flags;
}

const sizes: readonly SourcePath[] = [
  ["environment", "AIRFLOW__CELERY__WORKER_CONCURRENCY"],
  ["environment", "AIRFLOW__CELERY__WORKER_AUTOSCALE"],
  ["mem_limit"],
  ["cpus"],
  ["deploy", "resources", "limits"],
];

/** Returns the number of containers of a service. */
export function countOf(tree: Tree): number {
  const count =
    plainAt(tree, ["deploy", "replicas"]) ?? plainAt(tree, ["scale"]) ?? plainAt(tree, ["replicas"]);
  return /^\d+$/.test(String(count)) ? Number(count) : 1;
}

/** Names a group after its service, without `airflow`, `worker` and a number at the end, or after its queue. */
function nameGroup(service: string, queues: readonly string[], usedNames: readonly string[]): string {
  const clean = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^[-0-9]+|-+$/g, "")
      .slice(0, 30)
      .replace(/-+$/, "");
  const parts = service.toLowerCase().split(/[-_.]+/);
  const distinctPart = parts.filter((part) => !/^(airflow|celery|workers?\d*)$/.test(part)).join("-");
  const base =
    clean(distinctPart.replace(/-?\d+$/, "")) ||
    clean(queues.find((queue) => queue !== "default") ?? "") ||
    "more";
  const free = (name: string) => name !== "default" && !usedNames.includes(name);
  if (free(base)) return base;
  // The second worker of a group is called after the group, with -2.
  for (let number = 2; ; number += 1) if (free(`${base}${number}`)) return `${base}${number}`;
}

/** Puts services with the same queues and sizes into one group. */
export function mergeWorkers(services: readonly WorkerService[], defaultQueue: string): Map<string, Group> {
  const groups = new Map<string, Group & { readonly services: readonly string[] }>();
  let isDefaultThere = false;
  for (const { name, tree, flags } of services) {
    const queues = queuesOf(flags, defaultQueue);
    const size = [flags.concurrency, flags.autoscale, ...sizes.map((path) => plainAt(tree, path))];
    const key = JSON.stringify([queues.toSorted(), size]);
    const known = groups.get(key);
    const workers = countOf(tree);
    if (known) {
      groups.set(key, { ...known, workers: known.workers + workers, services: [...known.services, name] });
      continue;
    }
    const isDefault: boolean = !isDefaultThere && queues.length === 1 && queues[0] === defaultQueue;
    isDefaultThere ||= isDefault;
    const others = [...groups.values()].filter(({ path }) => path.length > 0);
    groups.set(key, {
      path: isDefault ? [] : ["workerGroups", others.length],
      name: isDefault
        ? "default"
        : nameGroup(
            name,
            queues,
            others.map((group) => group.name),
          ),
      queues,
      workers,
      services: [name],
    });
  }
  return new Map([...groups.values()].flatMap((group) => group.services.map((name) => [name, group])));
}
