import { spell } from "../../settings/schema/path.ts";
import {
  type ConvertedKey,
  handled,
  type ImportRule,
  type Item,
  type Outcome,
  taken,
  targetsOf,
  unreadableValue,
  unsupported,
} from "../rule.ts";
import type { SourcePath } from "../source.ts";
import { convertCores, convertQuantity, namesIn, parseInteger } from "../units.ts";
import { convertToleration, nodesOf, workerNodes } from "./placement.ts";
import { aWholeNumber, off, rolesByChartName, type ValueLookup } from "./values.ts";

/** Lists the queues of the chart's default workers. */
export function defaultQueues(values: ValueLookup): string[] {
  return namesIn(values("workers.celery.queue") ?? values("workers.queue") ?? "");
}

function defaultQueue(values: ValueLookup): string {
  return String(
    values("config.operators.default_queue") ?? values("config.celery.default_queue") ?? "default",
  );
}

/** Returns the path of the group for the chart's default workers: [], the default group, or a group with their queues. */
export function defaultGroup(values: ValueLookup): SourcePath {
  const queues = hasDefault(values) ? defaultQueues(values) : [];
  if (queues.length === 0 || (queues.length === 1 && queues[0] === defaultQueue(values))) return [];
  return ["workerGroups", setPaths(values).length];
}

/** Returns the group of a path in the values: `workers.celery.sets.0` is the first group, other paths are the default's. */
export function groupOf(path: SourcePath, values: ValueLookup): SourcePath {
  return path[2] === "sets" && typeof path[3] === "number" ? ["workerGroups", path[3]] : defaultGroup(values);
}

export const queues = (item: Item, values: ValueLookup): Outcome => {
  const group = groupOf(item.path, values);
  if (group.length === 0) return handled("the default group reads the default queue");
  const isOfSet = item.path[2] === "sets";
  return taken([...group, "queues"], isOfSet ? namesIn(item.value) : defaultQueues(values));
};

/** Returns a value of the workers at a path: a set has those of `workers.celery`, and these of `workers`, unless it has its own. */
function workerValue(path: SourcePath, key: string, values: ValueLookup): unknown {
  const set = path[2] === "sets" ? [path.slice(0, 4).join(".")] : [];
  const found = [...set, "workers.celery", "workers"].map((place) => values(`${place}.${key}`));
  return found.find((value) => value !== undefined && value !== null);
}

/** Lists the paths of the sets of workers. */
export function setPaths(values: ValueLookup): SourcePath[] {
  const sets = values("workers.celery.sets");
  return (Array.isArray(sets) ? sets : []).map((_, at) => ["workers", "celery", "sets", at]);
}

/** Lists the targets of the sets for what they have from all workers. */
export function inheritedTargets(values: ValueLookup): ConvertedKey[] {
  return setPaths(values).flatMap((path, at) => {
    const isOwn = (key: string) => values(`${path.join(".")}.${key}`) !== undefined;
    const inherited = (key: string) => (isOwn(key) ? undefined : workerValue(path, key, values));
    const scaled = isScaled(path, values);
    // A set's own resources replace all others.
    const { memory, cpu } = Object(Object(inherited("resources")).limits) as Readonly<
      Record<string, unknown>
    >;
    const queue = inherited("queue");
    const tolerated = inherited("tolerations");
    const limit = (key: string, other: number) =>
      scaled && !isOwn(`keda.${key}`)
        ? parseInteger(workerValue(path, `keda.${key}`, values) ?? other)
        : undefined;
    const targets: readonly (readonly [key: SourcePath, value: unknown])[] = [
      [["name"], values(`${path.join(".")}.name`)],
      [["queues"], queue === undefined ? undefined : namesIn(queue)],
      [["workers"], scaled ? undefined : parseInteger(inherited("replicas"))],
      [["autoscale", "min"], limit("minReplicaCount", 0)],
      [["autoscale", "max"], limit("maxReplicaCount", 10)],
      [["memory"], convertQuantity(memory)],
      [["cpu"], convertCores(cpu)],
      [["nodeLabels"], nodesOf(path, values)],
      [["tolerations"], Array.isArray(tolerated) ? tolerated.map(convertToleration) : undefined],
    ];
    return targets
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({ path: ["workerGroups", at, ...key], value }));
  });
}

function takeForWorkers(
  item: Item,
  values: ValueLookup,
  own: string,
  inGroup: string,
  value: unknown,
): Outcome {
  const group = groupOf(item.path, values);
  return taken(group.length > 0 ? [...group, inGroup] : [own], value);
}

export const keda = (item: Item, values: ValueLookup): Outcome => {
  const part = item.match.at(-1);
  if (!isScaled(item.path, values)) return off;
  const group = groupOf(item.path, values);
  const path = group.length > 0 ? [...group, "autoscale"] : ["workerAutoscale"];
  const min = parseInteger(workerValue(item.path, "keda.minReplicaCount", values) ?? 0);
  const max = parseInteger(workerValue(item.path, "keda.maxReplicaCount", values) ?? 10);
  if (part === "enabled")
    return {
      kind: "taken",
      targets: [
        { path: [...path, "min"], value: min },
        { path: [...path, "max"], value: max },
      ].filter(({ value }) => value !== undefined),
    };
  return part === "minReplicaCount" ? taken([...path, "min"], min) : taken([...path, "max"], max);
};

/** True if KEDA scales a group. */
export function isScaled(path: SourcePath, values: ValueLookup): boolean {
  return workerValue(path, "keda.enabled", values) === true;
}

export const replicas = (item: Item, values: ValueLookup): Outcome => {
  const count = parseInteger(item.value);
  if (count === undefined) return unreadableValue(aWholeNumber);
  if (isScaled(item.path, values)) return handled("their number follows the length of the queue");
  const isOnNodes = groupOf(item.path, values).length === 0 && Object.keys(workerNodes(values)).length > 0;
  return isOnNodes
    ? taken(["machines", 0, "workers"], count)
    : takeForWorkers(item, values, "workers", "workers", count);
};

export function resource(kind: "memory" | "cpu") {
  const convert = kind === "memory" ? convertQuantity : convertCores;
  return (item: Item, values: ValueLookup): Outcome => {
    const value = convert(item.value);
    if (value === undefined) return unreadableValue("a quantity");
    const role = String(item.path[0]);
    if (role === "workers")
      return takeForWorkers(item, values, kind === "memory" ? "workerMemory" : "workerCpu", kind, value);
    return taken(["roles", rolesByChartName[role] ?? role, kind], value);
  };
}

/** True if the chart has workers beside those of sets. */
export function hasDefault(values: ValueLookup): boolean {
  return values("workers.celery.enableDefault") !== false;
}

/** Keys of the number and the place of the default workers. */
const defaultKeys = ["workers", "workerAutoscale", "machines"];

/** Refuses what the stack would give to all workers, if it is a set's alone; without default workers, they get nothing. */
export function ofWorkers({ path }: Item, outcome: Outcome, values: ValueLookup): Outcome {
  const isOfDefault = path[0] === "workers" && path[2] !== "sets" && path.at(-1) !== "enableDefault";
  const isNeedless = targetsOf(outcome).every(({ path: [key] }) => defaultKeys.includes(String(key)));
  if (isOfDefault && !hasDefault(values) && outcome.kind === "taken" && isNeedless)
    return handled("sets of workers have it, unless they have their own");
  if (path[2] !== "sets") return outcome;
  // Packages and names of hosts that other workers have, too, change nothing for them.
  const shared = targetsOf(outcome).find(
    ({ path: [key] }) => !["workerGroups", "requirements", "extraHosts"].includes(String(key)),
  );
  return shared ? unsupported(`all workers have one value for it: ${spell(shared.path)}`) : outcome;
}

/** Applies a rule to the three places where the chart configures workers. */
export function workersRules(key: string, outcome: ImportRule<ValueLookup>[1]): ImportRule<ValueLookup>[] {
  return ["workers", "workers.celery", "workers.celery.sets.*"].map((prefix) => [
    `${prefix}.${key}`,
    outcome,
  ]);
}
