import { at, type Path, plainValue, type Tree } from "../source.ts";

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

/** Reads the words after `worker`: `-q a,b`, `--queues=a,b`. */
export function flagsOf(args: readonly string[]): Flags {
  const given = args.flatMap((word) => (/^--\w[\w-]*=/.test(word) ? split(word) : [word]));
  const flags: Partial<Record<Name, string>> = {};
  const others: string[] = [];
  for (let index = 0; index < given.length; index += 1) {
    const word = given[index] ?? "";
    const name = names[word];
    if (name) {
      index += 1;
      flags[name] = given[index] ?? "";
    } else if (word.startsWith("-") && !needless.has(word)) others.push(word);
  }
  return { ...flags, others };
}

function split(word: string): string[] {
  const at = word.indexOf("=");
  return [word.slice(0, at), word.slice(at + 1)];
}

/** Lists the queues of a worker, each once; the default queue if the worker's command names none. */
export function queuesOf({ queues = "" }: Flags, defaultQueue: string): string[] {
  const given = queues.split(",").map((queue) => queue.trim());
  const found = [...new Set(given.filter((queue) => queue !== ""))];
  return found.length > 0 ? found : [defaultQueue];
}

/** Worker group of the stack, made of services. */
export interface Group {
  /** Path in the stack; the default group is []. */
  readonly path: Path;
  readonly name: string;
  readonly queues: readonly string[];
  /** Workers of all its services. */
  readonly workers: number;
}

/** A service of workers. */
export interface WorkerService {
  readonly name: string;
  readonly tree: Tree;
  readonly flags: Flags;
}

const sizes: readonly Path[] = [
  ["environment", "AIRFLOW__CELERY__WORKER_CONCURRENCY"],
  ["environment", "AIRFLOW__CELERY__WORKER_AUTOSCALE"],
  ["mem_limit"],
  ["cpus"],
  ["deploy", "resources", "limits"],
];

function valueAt(tree: Tree, path: Path): unknown {
  const found = at(tree, path);
  return found && plainValue(found);
}

function countOf(tree: Tree): number {
  const given =
    valueAt(tree, ["deploy", "replicas"]) ?? valueAt(tree, ["scale"]) ?? valueAt(tree, ["replicas"]);
  return /^\d+$/.test(String(given)) ? Number(given) : 1;
}

/** Names a group after its service, without `airflow`, `worker` and a number at the end, or after its queue. */
function nameOf(service: string, queues: readonly string[], taken: readonly string[]): string {
  const clean = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^[-0-9]+|-+$/g, "")
      .slice(0, 30)
      .replace(/-+$/, "");
  const parts = service.toLowerCase().split(/[-_.]+/);
  const own = parts.filter((part) => !/^(airflow|celery|workers?\d*)$/.test(part)).join("-");
  const base =
    clean(own.replace(/-?\d+$/, "")) || clean(queues.find((queue) => queue !== "default") ?? "") || "more";
  const free = (name: string) => name !== "default" && !taken.includes(name);
  if (free(base)) return base;
  for (let number = 2; ; number += 1) if (free(`${base}-${number}`)) return `${base}-${number}`;
}

/** Puts services with the same queues and sizes into one group. */
export function groupsOf(services: readonly WorkerService[], defaultQueue: string): Map<string, Group> {
  const found = new Map<string, Group & { readonly services: readonly string[] }>();
  let isDefaultThere = false;
  for (const { name, tree, flags } of services) {
    const queues = queuesOf(flags, defaultQueue);
    const size = [flags.concurrency, flags.autoscale, ...sizes.map((path) => valueAt(tree, path))];
    const key = JSON.stringify([queues.toSorted(), size]);
    const before = found.get(key);
    const workers = countOf(tree);
    if (before) {
      found.set(key, { ...before, workers: before.workers + workers, services: [...before.services, name] });
      continue;
    }
    const isDefault: boolean = !isDefaultThere && queues.length === 1 && queues[0] === defaultQueue;
    isDefaultThere ||= isDefault;
    const others = [...found.values()].filter(({ path }) => path.length > 0);
    found.set(key, {
      path: isDefault ? [] : ["workerGroups", others.length],
      name: isDefault
        ? "default"
        : nameOf(
            name,
            queues,
            others.map((group) => group.name),
          ),
      queues,
      workers,
      services: [name],
    });
  }
  return new Map([...found.values()].flatMap((group) => group.services.map((name) => [name, group])));
}
