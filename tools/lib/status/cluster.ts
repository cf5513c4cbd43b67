import { askCluster } from "../../../platforms/ask.ts";
import { gist } from "../../../platforms/docker/preflight/complaints.ts";
import type { Declared } from "./expected.ts";
import { type Instance, type MachineFacts, missing, outOfMemory } from "./facts.ts";

/** A pod in the output of `kubectl get`; only the fields used here. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

/** A Deployment or a StatefulSet; only the fields used here. */
export interface Controller {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas?: number };
}

interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly finishedAt: string;
}

interface ContainerStatus {
  readonly ready: boolean;
  readonly started?: boolean;
  readonly state: {
    readonly running?: { readonly startedAt: string };
    readonly waiting?: { readonly reason?: string };
    readonly terminated?: Terminated;
  };
  readonly restartCount?: number;
  readonly lastState?: { readonly terminated?: Terminated };
}

function ownerOf({ metadata }: Pod) {
  return metadata.ownerReferences?.[0];
}

/** True if pod and container are ready; the pod alone shows that its node is lost. */
function isReady({ status }: Pod, { ready }: ContainerStatus): boolean {
  return (
    ready &&
    status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true
  );
}

function stateOf({ metadata, status }: Pod, container?: ContainerStatus): string {
  if (metadata.deletionTimestamp !== undefined) return "terminating";
  const unplaced = status.conditions?.find(
    ({ type, status: is }) => type === "PodScheduled" && is === "False",
  );
  return container?.state.waiting?.reason ?? unplaced?.reason ?? status.phase.toLowerCase();
}

function healthOf(pod: Pod, container?: ContainerStatus): string {
  const { running, terminated } = container?.state ?? {};
  if (terminated) return String(terminated.exitCode);
  if (!container || !running) return "";
  return isReady(pod, container) ? "healthy" : container.started === false ? "starting" : "unhealthy";
}

/** True if a pod is about to be replaced. A StatefulSet waits for its end, which does not come while its node is lost. */
function isLeaving(pod: Pod, now: Date): boolean {
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp === undefined) return false;
  if (ownerOf(pod)?.kind !== "StatefulSet") return true;
  const [container] = pod.status.containerStatuses ?? [];
  const isLost = container?.ready === true && !isReady(pod, container);
  // The time includes the grace of the pod.
  return !isLost && new Date(deletionTimestamp) > now;
}

/** True if a pod is healthy or has a successor: it is leaving, its node has ended it, or its job was retried. */
function isFine(pod: Pod, pods: readonly Pod[], health: string, now: Date): boolean {
  const { phase } = pod.status;
  const owner = ownerOf(pod);
  if (owner?.kind !== "Job") {
    const stays = pod.metadata.deletionTimestamp === undefined;
    return isLeaving(pod, now) || (stays && (phase === "Failed" || health === "healthy"));
  }
  const done = pods.filter(({ status }) => status.phase === "Succeeded").map((other) => ownerOf(other)?.name);
  return phase === "Running" || done.includes(owner.name);
}

function restartReason({ state, lastState }: ContainerStatus): string | undefined {
  const ended = lastState?.terminated ?? state.terminated;
  if (ended?.reason === "OOMKilled") return outOfMemory;
  return lastState?.terminated && `exit code ${lastState.terminated.exitCode}`;
}

function podInstance(pod: Pod, pods: readonly Pod[], now: Date): Instance {
  const { metadata, spec, status } = pod;
  const container = status.containerStatuses?.[0];
  const { running, terminated } = container?.state ?? {};
  const health = healthOf(pod, container);
  const reason = container && restartReason(container);
  return {
    name: metadata.name,
    state: stateOf(pod, container),
    health,
    image: spec.containers[0]?.image ?? "",
    since: new Date(running?.startedAt ?? terminated?.finishedAt ?? metadata.creationTimestamp),
    restarts: container?.restartCount ?? 0,
    ...(reason !== undefined && { reason }),
    fine: isFine(pod, pods, health, now),
  };
}

type Least = Pick<Declared, "name" | "least">;

/** True if a pod could not be made, as for lack of a quota. */
function lacksPods({ spec, status }: Controller): boolean {
  return (spec.replicas ?? 1) > (status.replicas ?? 0);
}

/**
 * Returns one instance for each Deployment or StatefulSet that lacks pods, was scaled below what the stack declares, or
 * does not exist.
 */
function absent(controllers: readonly Controller[], declared: readonly Least[]): Instance[] {
  const found = new Map(controllers.map((one) => [one.metadata.name, one]));
  const names = new Set([...found.keys(), ...declared.map(({ name }) => name)]);
  return [...names].flatMap((name) => {
    const controller = found.get(name);
    if (!controller) return [missing(name)];
    const least = declared.find((one) => one.name === name)?.least ?? 0;
    const { replicas = 1 } = controller.spec;
    if (replicas < least)
      return [{ ...missing(name), output: `scaled to ${replicas}, the stack declares ${least}` }];
    return lacksPods(controller) ? [missing(name)] : [];
  });
}

const noNode = "no node";

/** Groups pods by node, and adds to those without a node the instances that are absent. */
export function podFacts(
  pods: readonly Pod[],
  controllers: readonly Controller[] = [],
  declared: readonly Least[] = [],
  now = new Date(),
): MachineFacts[] {
  const found = [
    ...pods.map((pod) => ({ node: pod.spec.nodeName ?? noNode, instance: podInstance(pod, pods, now) })),
    ...absent(controllers, declared).map((instance) => ({ node: noNode, instance })),
  ];
  return [...Map.groupBy(found, ({ node }) => node)]
    .map(([name, placed]) => ({ name, instances: placed.map(({ instance }) => instance) }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

type Item = ({ readonly kind: "Pod" } & Pod) | ({ readonly kind: "Deployment" | "StatefulSet" } & Controller);

/** Reads the pods of a stack, by node, within 20 s; flags of kubectl select the stack's namespace. */
export async function clusterFacts(
  flags: readonly string[],
  declared: readonly Least[] = [],
): Promise<MachineFacts[]> {
  const kinds = "pods,deployments,statefulsets";
  const { text, complaint } = await askCluster([...flags, "get", kinds, "--output", "json"], 20);
  if (complaint !== undefined) throw new Error(`kubectl get ${kinds} failed: ${gist(complaint)}`);
  const { items } = JSON.parse(text) as { items: Item[] };
  const pods = items.filter((item) => item.kind === "Pod");
  return podFacts(
    pods,
    items.filter((item) => item.kind !== "Pod"),
    declared,
  );
}
