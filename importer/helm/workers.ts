import { handled, type ImportRule, type Item, type Outcome, taken, unreadableValue } from "../rule.ts";
import type { SourcePath } from "../source.ts";
import { convertCores, convertMebibytes, namesIn, parseInteger } from "../units.ts";
import { workerNodes } from "./placement.ts";
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
  const queues = defaultQueues(values);
  if (queues.length === 0 || (queues.length === 1 && queues[0] === defaultQueue(values))) return [];
  const sets = values("workers.celery.sets");
  return ["workerGroups", Array.isArray(sets) ? sets.length : 0];
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
  const prefix = item.path.slice(0, -1).join(".");
  const part = item.match.at(-1);
  if (values(`${prefix}.enabled`) !== true) return off;
  const group = groupOf(item.path, values);
  const path = group.length > 0 ? [...group, "autoscale"] : ["workerAutoscale"];
  const min = parseInteger(values(`${prefix}.minReplicaCount`) ?? 0);
  const max = parseInteger(values(`${prefix}.maxReplicaCount`) ?? 10);
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

/** True if KEDA scales a group; the default group's values are in `workers.celery` or in `workers`. */
export function isScaled(path: SourcePath, values: ValueLookup): boolean {
  if (path[2] === "sets") return values(`${path.slice(0, 4).join(".")}.keda.enabled`) === true;
  return values("workers.celery.keda.enabled") === true || values("workers.keda.enabled") === true;
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
  const convert = kind === "memory" ? convertMebibytes : convertCores;
  return (item: Item, values: ValueLookup): Outcome => {
    const value = convert(item.value);
    if (value === undefined) return unreadableValue("a quantity");
    const role = String(item.path[0]);
    if (role === "workers")
      return takeForWorkers(item, values, kind === "memory" ? "workerMemory" : "workerCpu", kind, value);
    return taken(["roles", rolesByChartName[role] ?? role, kind], value);
  };
}

/** Applies a rule to the three places where the chart configures workers. */
export function workersRules(key: string, outcome: ImportRule<ValueLookup>[1]): ImportRule<ValueLookup>[] {
  return ["workers", "workers.celery", "workers.celery.sets.*"].map((prefix) => [
    `${prefix}.${key}`,
    outcome,
  ]);
}
