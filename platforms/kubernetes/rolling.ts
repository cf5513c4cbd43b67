import type { types } from "@pulumi/kubernetes";
import type { Service } from "../../workload.ts";
import { progressSeconds } from "../timeLimits.ts";

/** Old revisions of a Deployment that are kept for a rollback. */
const revisions = 2;

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
