import {
  type ConvertedKey,
  handled,
  type ImportRule,
  type Item,
  type Outcome,
  targetsOf,
  unreadableValue,
  unsupported,
} from "../rule.ts";
import { anyRole, isTemplate, rolesByChartName, template, type ValueLookup, whenOn } from "./values.ts";

/** Fields of pods, by their names in the chart. */
const fields = {
  podAnnotations: "annotations",
  extraInitContainers: "initContainers",
  extraContainers: "initContainers",
  extraVolumes: "volumes",
  extraVolumeMounts: "volumeMounts",
} as const;

type ChartField = keyof typeof fields;

/** Names in the chart of fields for all roles. */
const forAll: Readonly<Partial<Record<ChartField, string>>> = {
  podAnnotations: "airflowPodAnnotations",
  extraVolumes: "volumes",
  extraVolumeMounts: "volumeMounts",
};

function holdsTemplate(value: unknown): boolean {
  return isTemplate(JSON.stringify(value) ?? "");
}

function lengthOf(value: unknown): number {
  return Object.keys(Object(value)).length;
}

function takeAll(targets: readonly ConvertedKey[]): Outcome {
  return { kind: "taken", targets };
}

/** Takes over a map of annotations as texts. */
export function takeAnnotations(path: ConvertedKey["path"], value: unknown): Outcome {
  if (holdsTemplate(value)) return template;
  return takeAll(
    Object.entries(Object(value)).map(([key, text]) => ({ path: [...path, key], value: String(text) })),
  );
}

/** Takes over a field of a role's pods; `before` is the number of entries that another field puts before it. */
function takeField(field: ChartField, role: string, value: unknown, before = 0): Outcome {
  const path = ["roles", role, "pod", fields[field]];
  if (field === "podAnnotations") return takeAnnotations(path, value);
  if (!Array.isArray(value)) return unreadableValue("a list");
  if (holdsTemplate(value)) return template;
  // A container beside a role is one that starts before it and stays.
  const stays = field === "extraContainers" ? { restartPolicy: "Always" } : {};
  return takeAll(
    value.map((entry, at) => ({ path: [...path, before + at], value: { ...Object(entry), ...stays } })),
  );
}

function ofRole(field: ChartField) {
  return ({ path: [name = ""], value }: Item, values: ValueLookup): Outcome => {
    const earlier = field === "extraContainers" ? `${name}.extraInitContainers` : forAll[field];
    const before = earlier === undefined ? 0 : lengthOf(values(earlier));
    return takeField(field, rolesByChartName[name] ?? "", value, before);
  };
}

/**
 * Takes over a field for all roles. A role's own field replaces that of all, so a role that has it in the chart gets the
 * entries of all, too, before its own; its own annotations win.
 */
function ofAll(field: ChartField) {
  return ({ value }: Item, values: ValueLookup): Outcome => {
    const places = [...Object.keys(rolesByChartName), "workers.celery"];
    const ownFields = Map.groupBy(
      places.filter((place) => lengthOf(values(`${place}.${field}`)) > 0),
      (place) => rolesByChartName[place.split(".")[0] ?? ""] ?? "",
    );
    const outcome = takeField(field, "all", value);
    const ofOwners = [...ownFields].flatMap(([role, owners]) => {
      const isOwn = (key: unknown) =>
        field === "podAnnotations" &&
        owners.some((place) => Object.hasOwn(Object(values(`${place}.${field}`)), String(key)));
      return targetsOf(takeField(field, role, value)).filter(({ path }) => !isOwn(path.at(-1)));
    });
    return outcome.kind === "taken" ? { ...outcome, targets: [...outcome.targets, ...ofOwners] } : outcome;
  };
}

function affinity({ path: [name = ""], value }: Item): Outcome {
  if (holdsTemplate(value)) return template;
  return takeAll([{ path: ["roles", rolesByChartName[name] ?? "all", "pod", "affinity"], value }]);
}

/** An account that exists already may have rights outside of the cluster. */
function accountName({ path }: Item, values: ValueLookup): Outcome {
  const isMade = values([...path.slice(0, -1), "create"].join(".")) !== false;
  return isMade
    ? handled("names are the stack's")
    : unsupported("the stack makes its own: expected kubernetes.serviceAccount.annotations");
}

const named = Object.keys(fields) as readonly ChartField[];

/** Rules about additions to pods, which a stack takes as Kubernetes does. */
export const podRules: readonly ImportRule<ValueLookup>[] = [
  [
    "allowPodLaunching",
    whenOn(unsupported("expected kubernetes.podOperator, with which tasks may start pods")),
  ],
  ["allowJobLaunching", whenOn(unsupported("tasks may start pods, and no jobs: see kubernetes.podOperator"))],
  ...named.flatMap((field): ImportRule<ValueLookup>[] => [
    [`${anyRole}.${field}`, ofRole(field)],
    [`workers.celery.${field}`, ofRole(field)],
  ]),
  ...named.flatMap((field): ImportRule<ValueLookup>[] => {
    const { [field]: name } = forAll;
    return name === undefined ? [] : [[name, ofAll(field)]];
  }),
  [`${anyRole}.affinity`, affinity],
  ["workers.celery.affinity", affinity],
  ["affinity", affinity],
  ...[anyRole, "workers.celery"].flatMap((place): ImportRule<ValueLookup>[] => [
    [
      `${place}.serviceAccount.annotations`,
      ({ value }) => takeAnnotations(["kubernetes", "serviceAccount", "annotations"], value),
    ],
    [`${place}.serviceAccount.name`, accountName],
  ]),
];
