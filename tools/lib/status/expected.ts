import { type Machine, machineIn } from "../../../platforms/machines.ts";
import {
  container,
  type ExportedState,
  hasSucceeded,
  isJob,
  nameOf,
  providerOf,
  type Resource,
} from "../state.ts";
import { local } from "./engine.ts";
import { type MachineFacts, missing } from "./facts.ts";

/** Lists the containers in the state of a stack on Docker that must be there, by machine. */
export function expected(
  { deployment: { resources = [] } }: ExportedState,
  prefix: string,
  machines: readonly Machine[],
): ReadonlyMap<string, readonly string[]> {
  const all = resources.filter((one) => one.type === container && !one.delete);
  // Nobody misses a job that has succeeded, if its container was cleared away.
  const containers = all.filter((one) => !(isJob(one) && hasSucceeded(one)));
  const placed = Map.groupBy(containers, (one) => machineIn(providerOf(one)) ?? machines[0]?.name ?? local);
  const nameIn = ({ inputs }: Resource) => String(inputs?.name).slice(prefix.length + 1);
  return new Map([...placed].map(([machine, names]) => [machine, names.map(nameIn)]));
}

/** A Deployment or a StatefulSet of a cluster that must be there. */
export interface Declared {
  readonly name: string;
  /** Instances that it has at least. */
  readonly least: number;
  /** True if KEDA sets the number of its instances. */
  readonly isScaled: boolean;
}

/** Lists what must run in the namespace of a stack, from its state; an autoscaled workload has at least its lower bound. */
export function declaredInCluster({ deployment: { resources = [] } }: ExportedState): Declared[] {
  const ofType = (type: string) => resources.filter((one) => one.type === type && !one.delete);
  const spec = ({ inputs }: Resource) => inputs?.spec as Readonly<Record<string, unknown>> | undefined;
  const bounds = ofType("kubernetes:keda.sh/v1alpha1:ScaledObject").map(
    (one) => [nameOf(one.urn), spec(one)?.minReplicaCount] as const,
  );
  const scaled = new Map(bounds);
  return ["kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"].flatMap(ofType).map((one) => {
    const name = nameOf(one.urn);
    return { name, least: Number(scaled.get(name) ?? spec(one)?.replicas ?? 1), isScaled: scaled.has(name) };
  });
}

/** Adds the missing instances to a machine's facts. */
export function withMissing(facts: MachineFacts, names: readonly string[] = []): MachineFacts {
  if ("cause" in facts) return facts;
  const present = new Set(facts.instances.map(({ name }) => name));
  const absent = names.filter((name) => !present.has(name)).map(missing);
  return { ...facts, instances: [...facts.instances, ...absent] };
}
