import { askCluster } from "../../../platforms/ask.ts";
import { gist } from "../../../platforms/docker/preflight/complaints.ts";
import { type Instance, type MachineFacts, outOfMemory } from "./facts.ts";

/** A pod in the output of `kubectl get pods`; only the fields used here. */
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

/** True if a pod is healthy or has a successor: it is terminating, its node has ended it, or its job was retried. */
function isFine(pod: Pod, pods: readonly Pod[], health: string): boolean {
  const { phase } = pod.status;
  const owner = ownerOf(pod);
  if (owner?.kind !== "Job") {
    return pod.metadata.deletionTimestamp !== undefined || phase === "Failed" || health === "healthy";
  }
  const done = pods.filter(({ status }) => status.phase === "Succeeded").map((other) => ownerOf(other)?.name);
  return phase === "Running" || done.includes(owner.name);
}

function restartReason({ state, lastState }: ContainerStatus): string | undefined {
  const ended = lastState?.terminated ?? state.terminated;
  if (ended?.reason === "OOMKilled") return outOfMemory;
  return lastState?.terminated && `exit code ${lastState.terminated.exitCode}`;
}

function podInstance(pod: Pod, pods: readonly Pod[]): Instance {
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
    fine: isFine(pod, pods, health),
  };
}

/** Groups pods by node. */
export function podFacts(pods: readonly Pod[]): MachineFacts[] {
  const nodes = Map.groupBy(pods, ({ spec }) => spec.nodeName ?? "no node");
  return [...nodes]
    .map(([name, found]) => ({ name, instances: found.map((pod) => podInstance(pod, pods)) }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

/** Reads the pods of a stack, by node, within 20 s; flags of kubectl select the stack's namespace. */
export async function clusterFacts(flags: readonly string[]): Promise<MachineFacts[]> {
  const { text, complaint } = await askCluster([...flags, "get", "pods", "--output", "json"], 20);
  if (complaint !== undefined) throw new Error(`kubectl get pods failed: ${gist(complaint)}`);
  return podFacts((JSON.parse(text) as { items: Pod[] }).items);
}
