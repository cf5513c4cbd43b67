import { type ConvertedKey, type Item, type Outcome, taken, unsupported } from "../rule.ts";
import type { ValueLookup } from "./values.ts";
import { defaultGroup, groupOf, isScaled } from "./workers.ts";

/** Returns the node labels of the default group of workers. */
export function workerNodes(values: ValueLookup): Readonly<Record<string, string>> {
  if (isScaled(["workers"], values) || defaultGroup(values).length > 0) return {};
  const selectors = [
    values("workers.celery.nodeSelector"),
    values("workers.nodeSelector"),
    values("nodeSelector"),
  ];
  return (selectors.find((selector) => selector && Object.keys(selector).length > 0) ?? {}) as Readonly<
    Record<string, string>
  >;
}

export const nodes = (item: Item, values: ValueLookup): Outcome => {
  const group = groupOf(item.path, values);
  if (group.length > 0) return taken([...group, "nodeLabels"], item.value);
  if (isScaled(item.path, values))
    return unsupported(
      "workers that follow the queue run on any node: make them a worker group with nodeLabels",
    );
  return taken(["machines", 0, "labels"], item.value);
};

/** Imports node labels for everything; they apply to workers, too, unless these have labels of their own. */
export const everyNode = ({ value }: Item, values: ValueLookup): Outcome => {
  const control: ConvertedKey = { path: ["kubernetes", "controlLabels"], value };
  const machine: ConvertedKey = { path: ["machines", 0, "labels"], value };
  const isOfWorkers = JSON.stringify(workerNodes(values)) === JSON.stringify(value);
  return { kind: "taken", targets: isOfWorkers ? [control, machine] : [control] };
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
  return taken([...group, "tolerations", index], convertToleration(item.value));
};
