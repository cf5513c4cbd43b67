import { handled, type Item, type Outcome, type Rule, taken, unsupported } from "../rule.ts";
import type { Path } from "../source.ts";
import { cores, integer, mebibytes } from "../units.ts";
import { workerNodes } from "./placement.ts";
import { off, roles, type Values, whole } from "./values.ts";

/** Group of a path: `workers.celery.sets.0` is the first group; other paths belong to the default group. */
export function groupOf(path: Path): Path {
  return path[2] === "sets" && typeof path[3] === "number" ? ["workerGroups", path[3]] : [];
}

function ofWorkers(item: Item, own: string, inGroup: string, value: unknown): Outcome {
  const group = groupOf(item.path);
  return taken(group.length > 0 ? [...group, inGroup] : [own], value);
}

export const keda = (item: Item, values: Values): Outcome => {
  const prefix = item.path.slice(0, -1).join(".");
  const part = item.match.at(-1);
  if (values(`${prefix}.enabled`) !== true) return off;
  const group = groupOf(item.path);
  const path = group.length > 0 ? [...group, "autoscale"] : ["workerAutoscale"];
  const min = integer(values(`${prefix}.minReplicaCount`) ?? 0);
  const max = integer(values(`${prefix}.maxReplicaCount`) ?? 10);
  if (part === "enabled")
    return {
      kind: "taken",
      targets: [
        { path: [...path, "min"], value: min },
        { path: [...path, "max"], value: max },
      ],
    };
  return part === "minReplicaCount" ? taken([...path, "min"], min) : taken([...path, "max"], max);
};

/** True if KEDA scales a group; the default group's values are in `workers.celery` or in `workers`. */
export function scaled(path: Path, values: Values): boolean {
  if (path[2] === "sets") return values(`${path.slice(0, 4).join(".")}.keda.enabled`) === true;
  return values("workers.celery.keda.enabled") === true || values("workers.keda.enabled") === true;
}

export const replicas = (item: Item, values: Values): Outcome => {
  const count = integer(item.value);
  if (count === undefined) return unsupported(`it cannot be read: expected ${whole}`);
  if (scaled(item.path, values)) return handled("their number follows the length of the queue");
  const isOnNodes = groupOf(item.path).length === 0 && Object.keys(workerNodes(values)).length > 0;
  return isOnNodes ? taken(["machines", 0, "workers"], count) : ofWorkers(item, "workers", "workers", count);
};

export function resource(kind: "memory" | "cpu") {
  const convert = kind === "memory" ? mebibytes : cores;
  return (item: Item): Outcome => {
    const value = convert(item.value);
    if (value === undefined) return unsupported("it cannot be read: expected a quantity");
    const role = String(item.path[0]);
    if (role === "workers")
      return ofWorkers(item, kind === "memory" ? "workerMemory" : "workerCpu", kind, value);
    return taken(["roles", roles[role] ?? role, kind], value);
  };
}

/** Applies a rule to the three places where the chart configures workers. */
export function workersRules(key: string, outcome: Rule<Values>[1]): Rule<Values>[] {
  return ["workers", "workers.celery", "workers.celery.sets.*"].map((prefix) => [
    `${prefix}.${key}`,
    outcome,
  ]);
}
