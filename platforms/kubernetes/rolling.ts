import type { types } from "@pulumi/kubernetes";
import { mountName } from "../../settings/model/names/mountName.ts";
import type { Job, PodExtras, Service } from "../../workload.ts";
import { progressSeconds } from "../timeLimits.ts";
import { selector } from "./pod.ts";

/** Old revisions of a Deployment that are kept for a rollback. */
const revisions = 2;

/** Seconds that Cluster Autoscaler lets pods stop when it removes a node: its default `--max-graceful-termination-sec`. */
const autoscalerSeconds = 600;

/** Renders the updates of a Deployment: a new pod is ready before an old one stops. */
export function rolling(
  service: Pick<Service, "healthy" | "stop">,
): Pick<types.input.apps.v1.DeploymentSpec, "strategy" | "revisionHistoryLimit" | "progressDeadlineSeconds"> {
  return {
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    revisionHistoryLimit: revisions,
    progressDeadlineSeconds: progressSeconds(service),
  };
}

/** Renders the evictions that a drain may make: one working pod at a time, and pods that do not work at once. */
export function disruptions(name: string): types.input.policy.v1.PodDisruptionBudgetSpec {
  return {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: "AlwaysAllow",
    selector: { matchLabels: selector(name) },
  };
}

/**
 * Keeps the cluster's autoscaler from pods that may take longer to stop than it waits. Lets it stop workers and roles without
 * data, which keep their nodes otherwise, because of their scratch volumes. A stack's own annotations win.
 */
export function annotationsOf({
  stop,
  scratch = [],
  stateful,
  priority,
  pod,
}: Pick<Job, "stop" | "scratch" | "pod"> &
  Partial<Pick<Service, "stateful" | "priority">>): PodExtras["annotations"] {
  const about = (topic: string) => `cluster-autoscaler.kubernetes.io/${topic}`;
  if (stop.graceSeconds > autoscalerSeconds)
    return { [about("safe-to-evict")]: "false", ...pod?.annotations };
  const moves = priority === "tasks" || (priority !== undefined && !stateful);
  if (!moves || scratch.length === 0) return pod?.annotations;
  return { [about("safe-to-evict-local-volumes")]: scratch.map(mountName).join(), ...pod?.annotations };
}
