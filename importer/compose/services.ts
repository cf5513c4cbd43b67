import type { Path, Tree } from "../source.ts";
import { at, plain } from "../source.ts";

/** Roles that run all the time. */
export const running = ["scheduler", "webserver", "dag-processor", "triggerer", "worker", "flower"];

/** Kinds that rules distinguish: a role of Airflow, the database, the broker, or a foreign service. */
export type Kind = "airflow" | "postgres" | "redis" | "foreign";

/** A service of a compose file. */
export interface Service {
  readonly name: string;
  readonly kind: Kind;
  /** An element of `running`, `migration`, or `cli` for a service that only people use. */
  readonly role: string;
  readonly tree: Tree;
  /** For a worker: its command's flags, and its group's path in the stack; the default group is []. */
  readonly worker?: { readonly flags: Flags; readonly group: Path };
}

/** Flags of a worker's command. */
export interface Flags {
  readonly queues?: string;
  readonly concurrency?: string;
  readonly autoscale?: string;
  /** Flags without a counterpart. */
  readonly others: readonly string[];
}

/** Words of a command, given as a text or a list. */
export function words(command: unknown): string[] {
  const text = Array.isArray(command) ? command.map(String).join(" ") : String(command ?? "");
  return text.split(/\s+/).filter((word) => word !== "");
}

const flagNames: Readonly<Record<string, "queues" | "concurrency" | "autoscale">> = {
  "-q": "queues",
  "--queues": "queues",
  "-c": "concurrency",
  "--concurrency": "concurrency",
  "-a": "autoscale",
  "--autoscale": "autoscale",
};

export function flagsOf(command: unknown): Flags {
  const given = words(command).flatMap((word) => (word.startsWith("--") ? word.split("=") : [word]));
  const start = given.indexOf("worker") + 1;
  const flags: Record<string, string> = {};
  const others: string[] = [];
  for (let index = start; index < given.length; index += 1) {
    const word = given[index] ?? "";
    const name = flagNames[word];
    if (name) {
      index += 1;
      flags[name] = given[index] ?? "";
    } else if (word.startsWith("-")) others.push(word);
  }
  return { ...flags, others };
}

/** Roles by command, otherwise by name; the first match wins. */
const commands: readonly (readonly [pattern: RegExp, role: string])[] = [
  [/\bflower\b/, "flower"],
  [/\bworker\b/, "worker"],
  [/\bdag[-_]?processor\b/, "dag-processor"],
  [/\btriggerer\b/, "triggerer"],
  [/\bscheduler\b/, "scheduler"],
  [/\b(api-?server|webserver)\b/, "webserver"],
];

function roleOf(name: string, command: string): string {
  if (/\binit\b/.test(name) || /\bdb (init|migrate|upgrade)\b/.test(command)) return "migration";
  if (/\bcli\b/.test(name)) return "cli";
  for (const text of [command, name]) {
    const found = commands.find(([pattern]) => pattern.test(text));
    if (found) return found[1];
  }
  return "cli";
}

function kindOf(name: string, tree: Tree): Kind {
  const image = String(plainAt(tree, ["image"]) ?? "");
  const environment = JSON.stringify(plainAt(tree, ["environment"]) ?? "");
  if (/AIRFLOW__|AIRFLOW_CONN_/.test(environment) || /airflow/.test(image)) return "airflow";
  if (/(^|\/)(postgres|postgresql)(:|@|$)/.test(image)) return "postgres";
  if (/(^|\/)(redis|valkey)(:|@|$)/.test(image)) return "redis";
  return image === "" && /airflow/.test(name) ? "airflow" : "foreign";
}

export function plainAt(tree: Tree, path: Path): unknown {
  const found = at(tree, path);
  return found && plain(found);
}

/** Name of a worker group, from its service's name. */
export function groupName(service: string): string {
  const name = service
    .toLowerCase()
    .replace(/^airflow[-_]/, "")
    .replace(/^worker[-_]|[-_]worker$/, "");
  return name.replace(/[^a-z0-9]+/g, "-").slice(0, 32);
}

/** The services of a compose file. The first worker of queue `default` is the default group, others are one each. */
export function servicesOf(compose: Tree): Service[] {
  const services = at(compose, ["services"]);
  let groups = 0;
  let hasDefault = false;
  return (services?.kind === "map" ? [...services.entries] : []).map(([name, tree]) => {
    const kind = kindOf(name, tree);
    const command = plainAt(tree, ["command"]) ?? plainAt(tree, ["entrypoint"]);
    const role = kind === "airflow" ? roleOf(name, words(command).join(" ")) : kind;
    if (role !== "worker") return { name, kind, role, tree };
    const flags = flagsOf(plainAt(tree, ["command"]));
    const isDefault =
      !hasDefault && (flags.queues === undefined || flags.queues.split(",").includes("default"));
    hasDefault ||= isDefault;
    const group = isDefault ? [] : ["workerGroups", groups];
    if (!isDefault) groups += 1;
    return { name, kind, role, tree, worker: { flags, group } };
  });
}

/** Keys whose lists can also be maps: `- NAME=VALUE`, `- host:address`. */
const lists: Readonly<Record<string, RegExp>> = {
  environment: /^([^=]+)(?:=(.*))?$/s,
  labels: /^([^=]+)(?:=(.*))?$/s,
  extra_hosts: /^([^=:]+)[=:](.*)$/s,
};

/** Turns a service's lists of names and values into maps. */
export function uniform({ tree }: Service): Tree {
  if (tree.kind !== "map") return tree;
  const entries = [...tree.entries].map(([key, inner]): [string, Tree] => {
    const pattern = lists[key];
    const made = pattern && inner.kind === "list" ? mapped(inner.items, pattern) : inner;
    return [key, key === "environment" ? leftOpen(made) : made];
  });
  return { kind: "map", entries: new Map(entries) };
}

/** Marks variables without a value, which come from the environment of whoever starts the deployment. */
function leftOpen(tree: Tree): Tree {
  if (tree.kind !== "map") return tree;
  const open = (inner: Tree): Tree =>
    inner.kind === "leaf" && inner.value === null ? { ...inner, value: undefined } : inner;
  return { kind: "map", entries: new Map([...tree.entries].map(([name, inner]) => [name, open(inner)])) };
}

function mapped(items: readonly Tree[], pattern: RegExp): Tree {
  const entries = items.flatMap((item): [string, Tree][] => {
    if (item.kind !== "leaf") return [];
    const [, name = String(item.value), value = null] = pattern.exec(String(item.value)) ?? [];
    return [[name, { ...item, value }]];
  });
  return { kind: "map", entries: new Map(entries) };
}
