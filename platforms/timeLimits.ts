import type { CustomTimeouts } from "@pulumi/pulumi";
import type { Job, Service } from "../workload.ts";

/** Seconds that a job may take, all its attempts together, unless it says otherwise. */
const jobSeconds = 900;

/** Seconds for what an engine does besides: fetching an image, or being busy. The provider's own limit of everything. */
const engineSeconds = 1200;

/** Seconds for a cluster to begin a job, and to tell that it has ended. */
const clusterSeconds = 300;

function timeouts(seconds: Readonly<Record<"create" | "update" | "delete", number>>): CustomTimeouts {
  const entries = Object.entries(seconds).map(([operation, limit]) => [operation, `${limit}s`]);
  return Object.fromEntries(entries);
}

/** Seconds in which a container has to become healthy; unless it says otherwise, a restart by its health check is not yet a failure. */
export function healthySeconds({ healthy }: Pick<Service, "healthy">): number {
  return healthy.awaitedSeconds ?? healthy.startSeconds * 2;
}

/** Seconds that a job may take, all its attempts together. */
export function secondsOf({ maxSeconds = jobSeconds }: Pick<Job, "maxSeconds">): number {
  return maxSeconds;
}

/** The limits of a container that is kept running: nothing waits for it longer than it may take to start and to stop. */
export function serviceOnEngine(service: Pick<Service, "healthy" | "stop">): CustomTimeouts {
  return timeouts({
    create: healthySeconds(service) + engineSeconds,
    update: engineSeconds,
    delete: service.stop.graceSeconds + engineSeconds,
  });
}

/** The limits of a container that runs a job. */
export function jobOnEngine({ stop, ...job }: Pick<Job, "maxSeconds" | "stop">): CustomTimeouts {
  return timeouts({
    create: secondsOf(job) + engineSeconds,
    update: engineSeconds,
    delete: stop.graceSeconds + engineSeconds,
  });
}

/** Seconds in which at least one more pod of a service that is updated has to become ready. */
export function progressSeconds({ healthy, stop }: Pick<Service, "healthy" | "stop">): number {
  return healthySeconds({ healthy }) + stop.graceSeconds;
}

/** The limits of a service's pods: they start together, are replaced one after the other, and are stopped together. */
export function serviceInCluster(
  service: Pick<Service, "healthy" | "stop" | "replicas" | "autoscale">,
): CustomTimeouts {
  const pods = service.autoscale?.max ?? service.replicas ?? 1;
  const { startSeconds } = service.healthy;
  return timeouts({
    create: healthySeconds(service),
    update: healthySeconds(service) + pods * (startSeconds + service.stop.graceSeconds),
    delete: progressSeconds(service),
  });
}

/** The limits of a job in a cluster, which ends it by itself. */
export function jobInCluster(job: Pick<Job, "maxSeconds" | "stop">): CustomTimeouts {
  const ending = job.stop.graceSeconds + clusterSeconds;
  return timeouts({ create: secondsOf(job) + ending, update: secondsOf(job) + ending, delete: ending });
}
