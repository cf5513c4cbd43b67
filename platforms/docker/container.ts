import { readFileSync } from "node:fs";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Job, Service, Values, Volume } from "../../workload.ts";
import { instances, secretsDirectory } from "../../workload.ts";
import { checks, longestStart, progress } from "../checks.ts";
import { healthySeconds } from "../timeLimits.ts";

/** Place of a container on its engine: the prefix of its name, and the network that it joins. */
export interface Placement {
  readonly prefix: string;
  readonly network: pulumi.Input<string>;
  /** Labels of every resource of the stack. */
  readonly labels?: Values;
}

/** A volume of the workload, or a read-only one that the platform has filled. */
export type Mounted = Volume | { readonly kind: "delivered"; readonly name: pulumi.Input<string> };

/** A workload whose volumes exist on its engine. */
type Placed<T extends Job> = Omit<T, "volumes"> & {
  readonly volumes?: Readonly<Record<string, Mounted>>;
};

const probe = progress + readFileSync(new URL("probe.sh", import.meta.url), "utf8");

/** Period of CPU quotas, in microseconds; the kernel's default. */
const cpuPeriod = 100_000;

/** CPU weights under contention; the workers of a group share one weight, however many they are. */
const cpuShares = {
  control: () => 2048,
  tasks: (workers: number) => Math.max(2, Math.floor(1024 / workers)),
};

function uploads(contents: Values): docker.types.input.ContainerUpload[] {
  return Object.entries(contents).map(([file, content]) => ({ file, content, permissions: "0444" }));
}

function secretFiles(secrets: Values): Values {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [`${secretsDirectory}/${name}`, pulumi.secret(value)]),
  );
}

function mount([target, volume]: [string, Mounted]): docker.types.input.ContainerMount {
  switch (volume.kind) {
    case "data":
      return { target, type: "volume", source: volume.name };
    case "delivered":
      return { target, type: "volume", source: volume.name, readOnly: true };
    case "directory":
      return { target, type: "bind", source: volume.path, readOnly: true };
    case "host":
      return { target, type: "bind", source: volume.path, readOnly: volume.writable !== true };
  }
}

/** Sorts labels, so that a refresh finds no difference. */
export function labelList(labels: Values): docker.types.input.ContainerLabel[] {
  return Object.entries(labels)
    .map(([label, value]) => ({ label, value }))
    .sort((one, other) => (one.label < other.label ? -1 : 1));
}

/** Renders the arguments that a container has only if they are not empty. */
function optionalArgs({ labels, hosts }: Placed<Job>, placement: Placement): Partial<docker.ContainerArgs> {
  const all = labelList({ ...placement.labels, ...labels });
  const addresses = Object.entries(hosts ?? {}).map(([host, ip]) => ({ host, ip }));
  return { ...(all.length > 0 && { labels: all }), ...(addresses.length > 0 && { hosts: addresses }) };
}

function base(name: string, instance: string, job: Placed<Job>, placement: Placement): docker.ContainerArgs {
  const { prefix, network } = placement;
  return {
    name: `${prefix}-${instance}`,
    hostname: instance,
    image: job.image,
    entrypoints: [...job.command],
    user: `${job.user.uid}:${job.user.gid}`,
    envs: Object.entries(job.env ?? {}).map(([key, value]) => pulumi.interpolate`${key}=${value}`),
    uploads: uploads({ ...job.files, ...secretFiles(job.secrets ?? {}) }),
    mounts: Object.entries(job.volumes ?? {}).map(mount),
    ...optionalArgs(job, placement),
    networkMode: "bridge",
    networksAdvanced: [{ name: network, aliases: [...new Set([instance, name])] }],
    memory: job.limits.memory,
    memorySwap: job.limits.memory,
    ...(job.sharedMemory !== undefined && { shmSize: job.sharedMemory }),
    // Not `cpus`, which an engine with fewer cores refuses.
    cpuPeriod,
    cpuQuota: Math.round(job.limits.cpu * cpuPeriod),
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    stopSignal: job.stop.signal,
    stopTimeout: job.stop.graceSeconds,
    destroyGraceSeconds: job.stop.graceSeconds,
  };
}

/** Writes a duration as the engine does, so that a refresh finds no difference. */
function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes > 0 ? `${minutes}m` : ""}${seconds % 60}s`;
}

/** Rejects settings that no engine can honour; the configuration rejects them first, with file and line. */
function refuse(name: string, { nodes, autoscale, pod }: Placed<Job & Partial<Service>>): void {
  if (nodes) throw new Error(`${name} has nodes; expected none, since only a cluster has nodes.`);
  if (autoscale) throw new Error(`${name} has autoscale; expected workers, since only a cluster scales.`);
  if (pod) throw new Error(`${name} has fields of a pod; expected none, since only a cluster has pods.`);
}

/** Renders the containers that keep a service running, by instance. */
export function serviceContainers(
  name: string,
  service: Placed<Service>,
  placement: Placement,
): Readonly<Record<string, docker.ContainerArgs>> {
  refuse(name, service);
  const containers = instances(name, service).map((instance, index) => {
    return [instance, serviceContainer(name, instance, index, service, placement)] as const;
  });
  return Object.fromEntries(containers);
}

function serviceContainer(
  name: string,
  instance: string,
  index: number,
  service: Placed<Service>,
  placement: Placement,
): docker.ContainerArgs {
  const { healthy, stop, port, loopbackPort, priority, replicas = 1 } = service;
  const { everySeconds, patienceSeconds, looks } = checks;
  const longest = longestStart(healthy.startSeconds);
  const timings = [
    healthy.startSeconds,
    longest,
    everySeconds,
    looks,
    patienceSeconds,
    stop.signal.slice(3),
    stop.graceSeconds,
  ];
  const publish = port !== undefined && loopbackPort !== undefined;
  return {
    ...base(name, instance, service, placement),
    restart: "unless-stopped",
    // Makes the engine's init process 1, which nothing inside can kill: the health check can end a hung command below it.
    init: true,
    cpuShares: cpuShares[priority](replicas),
    healthcheck: {
      tests: ["CMD", "sh", "-c", probe, "probe", ...timings.map(String), ...healthy.command],
      interval: duration(1),
      timeout: duration(longest + looks * (everySeconds + patienceSeconds + 15)),
      startPeriod: duration(0),
      startInterval: duration(0),
      retries: 1,
    },
    wait: true,
    waitTimeout: healthySeconds(service),
    ...(publish && { ports: [{ internal: port, external: loopbackPort + index, ip: "127.0.0.1" }] }),
  };
}

/** Renders the container of a job, which stays, stopped, for its log and exit code. */
export function jobContainer(name: string, job: Placed<Job>, placement: Placement): docker.ContainerArgs {
  return {
    ...base(name, name, job, placement),
    restart: "no",
    // Roles wait for this job.
    cpuShares: cpuShares.control(),
    mustRun: false,
    attach: true,
  };
}
