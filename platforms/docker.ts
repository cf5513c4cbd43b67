import { readFileSync } from "node:fs";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Endpoint, ImageArgs, Job, Platform, Service, Sharing, Values, Volume } from "../workload.ts";
import { instances, secretsDirectory } from "../workload.ts";
import { checks } from "./checks.ts";
import { dagsImage } from "./dagsImage.ts";

/** Where a container belongs: a name in front of its own, and the network it joins. */
export interface Placement {
  readonly prefix: string;
  readonly network: pulumi.Input<string>;
}

const probe = readFileSync(new URL("probe.sh", import.meta.url), "utf8");

/** Microseconds; the kernel's own. */
const cpuPeriod = 100_000;

/** Weights, for when there is not enough CPU for all. */
const cpuShares = { control: 2048, tasks: 1024 };

function uploads(contents: Values): docker.types.input.ContainerUpload[] {
  return Object.entries(contents).map(([file, content]) => ({ file, content, permissions: "0444" }));
}

function secretFiles(secrets: Values): Values {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [`${secretsDirectory}/${name}`, pulumi.secret(value)]),
  );
}

function mount([target, volume]: [string, Volume]): docker.types.input.ContainerMount {
  return volume.kind === "data"
    ? { target, type: "volume", source: volume.name }
    : { target, type: "bind", source: volume.path, readOnly: true };
}

function base(name: string, instance: string, job: Job, placement: Placement): docker.ContainerArgs {
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
    networkMode: "bridge",
    networksAdvanced: [{ name: network, aliases: [...new Set([instance, name])] }],
    memory: job.limits.memory,
    memorySwap: job.limits.memory,
    // Not `cpus`, which an engine with fewer cores refuses.
    cpuPeriod,
    cpuQuota: job.limits.cpu * cpuPeriod,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    stopSignal: job.stop.signal,
    stopTimeout: job.stop.graceSeconds,
    destroyGraceSeconds: job.stop.graceSeconds,
  };
}

/** As the engine writes it, so that a refresh finds no difference. */
function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes > 0 ? `${minutes}m` : ""}${seconds % 60}s`;
}

/** What one engine cannot honour; the configuration refuses it first, with file and line. */
function refuse(name: string, { nodes, autoscale }: Service): void {
  if (nodes) throw new Error(`${name} is to run on certain nodes, which one Docker engine does not have`);
  if (autoscale) throw new Error(`${name} is to be scaled by its queues, which no Docker engine does`);
}

/** The containers that keep a service running, by instance. */
export function serviceContainers(
  name: string,
  service: Service,
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
  service: Service,
  placement: Placement,
): docker.ContainerArgs {
  const { healthy, stop, port, loopbackPort, priority } = service;
  const { everySeconds, patienceSeconds } = checks;
  const timings = [
    healthy.startSeconds,
    everySeconds,
    patienceSeconds,
    stop.signal.slice(3),
    stop.graceSeconds,
  ];
  const publish = port !== undefined && loopbackPort !== undefined;
  return {
    ...base(name, instance, service, placement),
    restart: "unless-stopped",
    cpuShares: cpuShares[priority],
    healthcheck: {
      tests: ["CMD", "sh", "-c", probe, "probe", ...timings.map(String), ...healthy.command],
      interval: duration(1),
      timeout: duration(healthy.startSeconds + everySeconds + patienceSeconds + 15),
      startPeriod: duration(0),
      startInterval: duration(0),
      retries: 1,
    },
    wait: true,
    waitTimeout: healthy.startSeconds * 2,
    ...(publish && { ports: [{ internal: port, external: loopbackPort + index, ip: "127.0.0.1" }] }),
  };
}

/** The container that runs a job; it stays, stopped, for its log and exit code. */
export function jobContainer(name: string, job: Job, placement: Placement): docker.ContainerArgs {
  return {
    ...base(name, name, job, placement),
    restart: "no",
    mustRun: false,
    attach: true,
  };
}

/** One Docker engine: the one that `DOCKER_HOST` names, by default the local one. */
export class DockerPlatform extends pulumi.ComponentResource implements Platform {
  private readonly provider: docker.Provider;
  private readonly placement: Placement;

  constructor(name: string, prefix: string, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:DockerPlatform", name, {}, opts);
    this.provider = new docker.Provider(name, {}, { parent: this });
    const network = new docker.Network(
      name,
      { name: prefix, labels: [] },
      { parent: this, provider: this.provider, deleteBeforeReplace: true },
    );
    this.placement = { prefix, network: network.name };
    this.registerOutputs();
  }

  volume(name: string, sharing: Sharing): Volume {
    const volume = new docker.Volume(
      name,
      { name: `${this.placement.prefix}-${name}` },
      { parent: this, provider: this.provider, protect: true },
    );
    return { kind: "data", name: volume.name, sharing };
  }

  service(name: string, service: Service, opts: pulumi.CustomResourceOptions): void {
    const containers = serviceContainers(name, service, this.placement);
    for (const [instance, args] of Object.entries(containers)) this.container(instance, args, opts);
  }

  job(name: string, job: Job, opts: pulumi.CustomResourceOptions): pulumi.Input<pulumi.Resource> {
    const container = this.container(name, jobContainer(name, job, this.placement), opts);
    return pulumi.all([container.exitCode, container.name, container.urn]).apply(([code, log, urn]) => {
      if (code === 0) return container;
      throw new pulumi.RunError(
        `${name} failed with exit code ${code}, and nothing that needs it was started. ` +
          `Its log says why: docker logs ${log}. Then run it again: npm run pulumi -- up --yes --replace '${urn}'`,
      );
    });
  }

  image(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions): pulumi.Input<string> {
    return dagsImage(name, args, opts);
  }

  endpoint(name: string, port: number): Endpoint {
    return { host: name, port };
  }

  url(_name: string, loopbackPort: number): string {
    return `http://127.0.0.1:${loopbackPort}`;
  }

  private container(name: string, args: docker.ContainerArgs, opts: pulumi.CustomResourceOptions) {
    return new docker.Container(name, args, {
      ...opts,
      provider: this.provider,
      deleteBeforeReplace: true,
      // The engine cannot change the health check of a container; the provider would only note the new one.
      replaceOnChanges: ["healthcheck"],
    });
  }
}
