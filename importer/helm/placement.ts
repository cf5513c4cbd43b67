import { type ConvertedKey, type Item, type Outcome, taken, unsupported, withTodo } from "../rule.ts";
import type { SourcePath } from "../source.ts";
import { rolesByChartName, type ValueLookup } from "./values.ts";
import { defaultGroup, groupOf, hasDefault, isScaled, setPaths } from "./workers.ts";

type Labels = Readonly<Record<string, string>>;

/** Returns the node labels that the chart has for a part of its values; undefined if it has none. */
function selectorAt(place: string, values: ValueLookup): Labels | undefined {
  const selector: Labels = Object(values(`${place}nodeSelector`));
  return Object.keys(selector).length > 0 ? selector : undefined;
}

/** True if all pods have the same node labels: those of the chart as a whole. */
function isForAllPods(values: ValueLookup): boolean {
  const parts = [...Object.keys(rolesByChartName), "workers.celery", "redis", "pgbouncer"];
  const sets = setPaths(values).map((path) => path.join("."));
  return [...parts, ...sets].every((part) => selectorAt(`${part}.`, values) === undefined);
}

/** Returns the node labels of workers at a path: their own, or those of the chart, unless all pods have these. */
export function nodesOf(path: SourcePath, values: ValueLookup): Labels | undefined {
  const set = path[2] === "sets" ? [`${path.slice(0, 4).join(".")}.`] : [];
  const own = [...set, "workers.celery.", "workers."].map((place) => selectorAt(place, values));
  return own.find((labels) => labels) ?? (isForAllPods(values) ? undefined : selectorAt("", values));
}

/** Returns the node labels of the default group of workers. */
export function workerNodes(values: ValueLookup): Labels {
  const isMachine = hasDefault(values) && !isScaled(["workers"], values) && defaultGroup(values).length === 0;
  return (isMachine && nodesOf(["workers"], values)) || {};
}

const anyNode = "workers that follow the queue run on any node: make them a worker group with nodeLabels";

export const nodes = (item: Item, values: ValueLookup): Outcome => {
  const group = groupOf(item.path, values);
  if (group.length > 0) return taken([...group, "nodeLabels"], item.value);
  if (isScaled(item.path, values)) return unsupported(anyNode);
  return taken(["machines", 0, "labels"], item.value);
};

/** Imports node labels for everything: workers have them, too, unless they have labels of their own. */
export const everyNode = ({ value }: Item, values: ValueLookup): Outcome => {
  if (isForAllPods(values)) return taken(["kubernetes", "nodeLabels"], value);
  const isSame = (labels: Labels | undefined) => JSON.stringify(labels) === JSON.stringify(value);
  const control: ConvertedKey = { path: ["kubernetes", "controlLabels"], value };
  const machine: ConvertedKey = { path: ["machines", 0, "labels"], value };
  const targets = isSame(workerNodes(values)) ? [control, machine] : [control];
  const isLost = hasDefault(values) && isScaled(["workers"], values) && defaultGroup(values).length === 0;
  const outcome: Outcome = { kind: "taken", targets };
  return isLost && isSame(nodesOf(["workers"], values)) ? withTodo(outcome, anyNode) : outcome;
};

interface ChartToleration {
  readonly key?: string | undefined;
  readonly value?: string;
  readonly effect?: string | undefined;
}

export function convertToleration(given: unknown): ChartToleration {
  const { key, value, effect } = Object(given) as ChartToleration;
  return { key, ...(value !== undefined && { value }), effect };
}

export const tolerations = (item: Item, values: ValueLookup): Outcome => {
  const group = groupOf(item.path, values);
  const index = item.path.at(-1);
  if (group.length === 0 || typeof index !== "number")
    return unsupported("only worker groups have tolerations, in a list");
  const outcome = taken([...group, "tolerations", index], convertToleration(item.value));
  const { tolerationSeconds } = Object(item.value) as { tolerationSeconds?: unknown };
  return tolerationSeconds === undefined
    ? outcome
    : withTodo(outcome, "workers stay on such a node, without tolerationSeconds");
};
