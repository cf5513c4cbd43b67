import type { CustomTimeouts } from "@pulumi/pulumi";
import type { Job, Service, Stop } from "../workload.ts";
import { longestStart } from "./checks.ts";

/** Default seconds for a job, all attempts together. */
const jobSeconds = 900;

/** Extra seconds for a busy engine or a pull; equals the provider's own limit for every operation. */
const engineSeconds = 1200;

/** Seconds for a cluster to start a job, and to report its end. */
const clusterSeconds = 300;

/** Seconds for a cluster to add a node, attach a volume, pull an image and get a small service ready. */
const nodeSeconds = 720;

function timeouts(seconds: Readonly<Record<"create" | "update" | "delete", number>>): CustomTimeouts {
  const entries = Object.entries(seconds).map(([operation, limit]) => [operation, `${limit}s`]);
  return Object.fromEntries(entries);
}

/**
 * Returns the seconds for a container to become healthy: by default as long as its health check waits for a slow start.
 * One restart of a hung start is not a failure.
 */
export function healthySeconds({ healthy }: Pick<Service, "healthy">): number {
  return healthy.awaitedSeconds ?? longestStart(healthy.startSeconds);
}

/** Returns the seconds for a job, all attempts together. */
export function secondsOf({ maxSeconds = jobSeconds }: Pick<Job, "maxSeconds">): number {
  return maxSeconds;
}

/** Returns the limits of a container, which is created once it has started or, for a job, once it has ended. */
function onEngine(createSeconds: number, { graceSeconds }: Stop): CustomTimeouts {
  const create = createSeconds + engineSeconds;
  return timeouts({ create, update: engineSeconds, delete: graceSeconds + engineSeconds });
}

/** Returns the limits of a service's container: the time that its start and stop may take. */
export function serviceOnEngine(service: Pick<Service, "healthy" | "stop">): CustomTimeouts {
  return onEngine(healthySeconds(service), service.stop);
}

/** Returns the limits of a container that runs a job. */
export function jobOnEngine(job: Pick<Job, "maxSeconds" | "stop">): CustomTimeouts {
  return onEngine(secondsOf(job), job.stop);
}

function readySeconds(service: Pick<Service, "healthy">): number {
  return Math.max(healthySeconds(service), nodeSeconds);
}

/** Returns the seconds in which an updated service must get at least one more pod ready. */
export function progressSeconds(service: Pick<Service, "healthy" | "stop">): number {
  return readySeconds(service) + service.stop.graceSeconds;
}

/** Returns the limits of a service's pods, which start together, are replaced one after another, and stop together. */
export function serviceInCluster(
  service: Pick<Service, "healthy" | "stop" | "replicas" | "autoscale">,
): CustomTimeouts {
  const pods = service.autoscale?.max ?? service.replicas ?? 1;
  const { startSeconds } = service.healthy;
  return timeouts({
    create: readySeconds(service),
    update: readySeconds(service) + pods * (startSeconds + service.stop.graceSeconds),
    delete: progressSeconds(service),
  });
}

/** Returns the limits of a job in a cluster, which ends the job itself. */
export function jobInCluster(job: Pick<Job, "maxSeconds" | "stop">): CustomTimeouts {
  const ending = job.stop.graceSeconds + clusterSeconds;
  return timeouts({ create: secondsOf(job) + ending, update: secondsOf(job) + ending, delete: ending });
}
