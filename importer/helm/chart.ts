import { type Entry, makePlan, type Plan } from "../plan.ts";
import { type ConvertedKey, decideOutcome, handled, type Item, itemsOf, unsupported } from "../rule.ts";
import {
  at,
  type Leaf,
  type ParsedFile,
  plainAt,
  readSource,
  type SourcePath,
  type Tree,
} from "../source.ts";
import { chartRules } from "./chartRules.ts";
import { isDefault, isFullCopy } from "./defaults.ts";
import { nodesOf, workerNodes } from "./placement.ts";
import { isTemplate, template, type ValueLookup, versionIn } from "./values.ts";
import { defaultGroup, defaultQueues, inheritedTargets, isScaled, ofWorkers } from "./workers.ts";

/** Parses a YAML text; undefined if templates of Helm's keep it from being YAML. */
function parsedText(leaf: Leaf, text: string): ParsedFile | undefined {
  try {
    return readSource(leaf.file, text, undefined, leaf.line + 1);
  } catch (error) {
    if (isTemplate(text)) return undefined;
    throw error;
  }
}

/** Parses the YAML text in `extraEnv`, so that its values have line numbers, too. */
function withParsedExtraEnv({ tree, leaves }: ParsedFile): ParsedFile {
  const extra = at(tree, ["extraEnv"]);
  if (tree.kind !== "map" || extra?.kind !== "leaf" || typeof extra.value !== "string")
    return { tree, leaves };
  const { path } = extra.leaf;
  const inner = parsedText(extra.leaf, extra.value);
  if (!inner) return { tree, leaves };
  const below = (leaf: Leaf): Leaf => ({ ...leaf, path: [...path, ...leaf.path] });
  const moved = new Map(inner.leaves.map((leaf) => [leaf, below(leaf)]));
  const place = (part: Tree): Tree => {
    if (part.kind === "leaf") return { ...part, leaf: moved.get(part.leaf) ?? part.leaf };
    if (part.kind === "list") return { kind: "list", items: part.items.map(place) };
    return { kind: "map", entries: new Map([...part.entries].map(([key, value]) => [key, place(value)])) };
  };
  return {
    tree: { kind: "map", entries: new Map([...tree.entries, ["extraEnv", place(inner.tree)]]) },
    leaves: leaves.flatMap((leaf) => (leaf === extra.leaf ? [...moved.values()] : [leaf])),
  };
}

function lookupIn(tree: Tree): ValueLookup {
  return (path) => plainAt(tree, path.split("."));
}

/** Lists the targets that follow from the values as a whole; the chart has one worker by default. */
function overallTargets(values: ValueLookup): ConvertedKey[] {
  const onNodes = Object.keys(workerNodes(values)).length > 0;
  const machine: ConvertedKey[] = [
    { path: ["machines", 0, "name"], value: "pool" },
    { path: ["machines", 0, "workers"], value: 1 },
  ];
  const followsQueue = isScaled(["workers"], values);
  const group = defaultGroup(values);
  const labels = nodesOf(["workers"], values);
  if (group.length > 0)
    return [
      { path: ["platform"], value: "kubernetes" },
      { path: ["workers"], value: 0 },
      { path: [...group, "name"], value: "main" },
      { path: [...group, "queues"], value: defaultQueues(values) },
      ...(labels ? [{ path: [...group, "nodeLabels"], value: labels }] : []),
      ...inheritedTargets(values),
    ];
  return [
    { path: ["platform"], value: "kubernetes" },
    ...(onNodes ? machine : followsQueue ? [] : [{ path: ["workers"], value: 1 }]),
    ...inheritedTargets(values),
  ];
}

const chartDefault = handled("it is the chart's default");

/**
 * Weighs an item: of two keys for the same value, the chart's newer one wins, the key of the stack's version of Airflow, and a
 * variable over a setting.
 */
function weightOf({ path, value }: Item, values: ValueLookup): number {
  const [first = "", second] = path;
  // With limits of autoscaling, Celery does not read the number of processes.
  const { name = path.at(-1) } = Object(value) as { readonly name?: unknown };
  if (/worker_autoscale$/i.test(String(name))) return 4;
  const present = versionIn(values).startsWith("2.") ? /^webserver($|SecretKey)/ : /^api(Server$|SecretKey)/;
  const ofVersion = present.test(String(first)) ? 1 : 0;
  if (["env", "extraEnv", "secret"].includes(String(first)) || second === "env") return 2 + ofVersion;
  if (ofVersion > 0) return ofVersion;
  return path.includes("celery") || path.at(-1) === "ref" || path[0] === "images" ? 1 : 0;
}

/**
 * Plans the import of the chart's values.
 * @param path path of the values: `airflow` in the values of a chart that depends on the official one
 * @throws Error if `extraEnv` is neither YAML nor a template, or the file names another executor than Celery's
 */
export function importChart(source: ParsedFile, path: SourcePath): Plan {
  const { tree, leaves } = withParsedExtraEnv({
    tree: at(source.tree, path) ?? source.tree,
    leaves: source.leaves,
  });
  const values = lookupIn(tree);
  const isCopy = isFullCopy(tree);
  const entries = itemsOf(tree, chartRules).map((ruled): Entry => {
    const { item } = ruled;
    const decided = decideOutcome(ruled, values);
    const rendered = isTemplate(item.value) && decided.kind !== "handled" ? template : decided;
    const outcome = isCopy && isDefault(item) ? chartDefault : ofWorkers(item, rendered, values);
    return { item, outcome, weight: weightOf(item, values) };
  });
  return makePlan(entries, leaves, overallTargets(values), unsupported("the official chart has no such key"));
}
