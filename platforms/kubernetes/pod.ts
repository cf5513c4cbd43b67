import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { mountName } from "../../settings/model/names/mountName.ts";
import type { Job, Limits, Nodes, Service, Stop, Volume } from "../../workload.ts";
import { runtimeDirectory, secretsDirectory, usualSharedMemory } from "../../workload.ts";
import { withPodExtras } from "./podExtras.ts";
import { probes } from "./probes.ts";

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;
type PodVolume = types.input.core.v1.Volume;
type Mount = types.input.core.v1.VolumeMount;

/** Inputs of a pod besides its workload. */
export interface PodArgs {
  /** ConfigMap with the workload's files, by {@link fileKey}. */
  readonly files?: pulumi.Input<string>;
  /** ConfigMaps of the large files, by path. */
  readonly largeFiles?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Secret with the workload's secrets. */
  readonly secrets?: pulumi.Input<string>;
  readonly serviceAccount: pulumi.Input<string>;
  readonly priorityClass?: pulumi.Input<string> | undefined;
  readonly nodes: Nodes;
  /** True if the cluster chooses the user id; otherwise the workload does. */
  readonly anyUser?: boolean;
  /** True if the pod gets a token for the cluster's API. */
  readonly token?: boolean;
  /** Labels of nodes over whose values instances are spread; nodes without one of these labels are avoided if possible. */
  readonly spread?: readonly string[];
}

/** Label of nodes with their host name, over which instances are spread. */
const hosts = "kubernetes.io/hostname";

/** Labels of nodes by which instances are spread over zones, and within them over nodes. */
export const zones = ["topology.kubernetes.io/zone", hosts];

/** Seconds that a stopping pod still serves, until every node has removed it from its routes. */
const drainSeconds = 5;

/** Seconds after which a Deployment's pod of a lost node is started elsewhere; the cluster's default is 300. */
const lostNodeSeconds = 60;

/** Tolerations of pods that start elsewhere soon. A StatefulSet's pod would not: it would only be stopped when its node is back. */
const lostNode = ["not-ready", "unreachable"].map((taint) => ({
  key: `node.kubernetes.io/${taint}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: lostNodeSeconds,
}));

/** GiB that a container may use outside its volumes, including its logs. */
export const ephemeralGiB = 10;

const ephemeralStorage = { request: "256Mi", limit: `${ephemeralGiB}Gi` };

/** Key of a file in a ConfigMap, whose keys cannot contain slashes. */
export function fileKey(path: string): string {
  return path.slice(1).replaceAll("/", "_");
}

function dataVolume(path: string, volume: Volume): PodVolume {
  if (volume.kind !== "data") {
    const whose = volume.kind === "host" ? "a node" : "this machine";
    throw new Error(`${path} is ${volume.path}, a directory of ${whose}; expected a volume in a pod.`);
  }
  return { name: mountName(path), persistentVolumeClaim: { claimName: volume.name } };
}

function volumesOf(
  job: Job,
  { files, largeFiles = {}, secrets }: PodArgs,
): { volumes: PodVolume[]; volumeMounts: Mount[] } {
  const { sharedMemory = usualSharedMemory } = job;
  const memory = { name: "runtime", emptyDir: { medium: "Memory", sizeLimit: `${sharedMemory}Mi` } };
  const scratch = (job.scratch ?? []).map((path) => ({ name: mountName(path), emptyDir: {} }));
  const data = Object.entries(job.volumes ?? {}).map(([path, volume]) => dataVolume(path, volume));
  const small = Object.keys(job.files ?? {}).filter((path) => !Object.hasOwn(largeFiles, path));
  const filePaths = files === undefined ? [] : small;
  const large = Object.entries(largeFiles).map(([path, map]) => ({
    path,
    name: `file-${mountName(path)}`,
    map,
  }));
  return {
    volumes: [
      memory,
      ...scratch,
      ...data,
      ...(files === undefined ? [] : [{ name: "files", configMap: { name: files, defaultMode: 0o444 } }]),
      ...large.map(({ name, map }) => ({ name, configMap: { name: map, defaultMode: 0o444 } })),
      ...(secrets === undefined
        ? []
        : [{ name: "secrets", secret: { secretName: secrets, defaultMode: 0o444 } }]),
    ],
    volumeMounts: [
      { name: "runtime", mountPath: runtimeDirectory },
      ...[...(job.scratch ?? []), ...Object.keys(job.volumes ?? {})].map((path) => ({
        name: mountName(path),
        mountPath: path,
      })),
      ...[...filePaths.map((path) => ({ path, name: "files" })), ...large].map(({ path, name }) => ({
        name,
        mountPath: path,
        subPath: fileKey(path),
        readOnly: true,
      })),
      ...(secrets === undefined ? [] : [{ name: "secrets", mountPath: secretsDirectory, readOnly: true }]),
    ],
  };
}

/**
 * Thousandths of a CPU requested per CPU of a workload's limit; also its weight under contention. Roles are idle most
 * of the time; workers are many, and must not outweigh the roles that they report to.
 */
const cpuRequests = { control: 50, tasks: 10 };

/** Escapes a text that a cluster would expand: $(NAME) is a variable to it, and $$ is a dollar. */
export function escaped(text: string): string {
  return /\$[$(]/.test(text) ? text.replaceAll("$", "$$$$") : text;
}

/** Variables with the hosts that a program reaches without its proxy. */
const directHosts = ["NO_PROXY", "no_proxy"];

/** The address at which a program in a pod asks the cluster's API, which the cluster inserts. */
const apiAddress = "$(KUBERNETES_SERVICE_HOST)";

/** Renders a variable; with a token for the cluster's API a program reaches that without its proxy. */
function variable(name: string, value: pulumi.Input<string>, token = false) {
  const rendered = (text: string) =>
    token && directHosts.includes(name) && text !== "*" ? `${escaped(text)},${apiAddress}` : escaped(text);
  return { name, value: typeof value === "string" ? rendered(value) : pulumi.output(value).apply(rendered) };
}

/** Requests all of the memory, since memory cannot be taken back. */
function resourcesOf(
  { memory, cpu }: Limits,
  priority: Service["priority"],
): types.input.core.v1.ResourceRequirements {
  const size = `${memory}Mi`;
  return {
    requests: {
      cpu: `${Math.round(cpu * cpuRequests[priority])}m`,
      memory: size,
      "ephemeral-storage": ephemeralStorage.request,
    },
    limits: { cpu: `${Math.round(cpu * 1000)}m`, memory: size, "ephemeral-storage": ephemeralStorage.limit },
  };
}

/** Groups host names by address, since a pod lists each address once. */
function hostAliases({ hosts = {} }: Job): Pick<PodSpec, "hostAliases"> {
  const byAddress = Map.groupBy(Object.entries(hosts), ([, ip]) => ip);
  const aliases = [...byAddress].map(([ip, names]) => ({ ip, hostnames: names.map(([name]) => name) }));
  return aliases.length > 0 ? { hostAliases: aliases } : {};
}

/** Names the user for programs that look it up, since the image does not know the cluster's user ids. */
const userName = { USER: "airflow" };

function base(
  name: string,
  job: Job,
  args: PodArgs,
  priority: Service["priority"],
): { pod: Omit<PodSpec, "containers">; container: Container } {
  const user = args.anyUser ? {} : { runAsUser: job.user.uid, runAsGroup: job.user.gid };
  const group = args.anyUser ? {} : { fsGroup: job.user.gid, fsGroupChangePolicy: "OnRootMismatch" };
  const { volumes, volumeMounts } = volumesOf(job, args);
  const container = {
    name,
    image: job.image,
    imagePullPolicy: "IfNotPresent",
    // The in-memory volume outlives containers, but must be empty at each start. A shell adds PWD to the environment.
    command: [
      "sh",
      "-c",
      `find ${runtimeDirectory} -mindepth 1 -delete; unset PWD; exec "$@"`,
      "sh",
      ...job.command.map(escaped),
    ],
    env: Object.entries({ ...(args.anyUser && userName), ...job.env }).map(([name, value]) =>
      variable(name, value, args.token),
    ),
    resources: resourcesOf(job.limits, priority),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      ...user,
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts,
  } satisfies Container;
  const pod = {
    serviceAccountName: args.serviceAccount,
    ...hostAliases(job),
    automountServiceAccountToken: args.token ?? false,
    enableServiceLinks: false,
    ...(args.priorityClass !== undefined && { priorityClassName: args.priorityClass }),
    nodeSelector: args.nodes.labels,
    securityContext: {
      runAsNonRoot: true,
      ...user,
      ...group,
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumes,
  } satisfies Omit<PodSpec, "containers">;
  return withPodExtras(pod, container, job.pod);
}

function tolerationsOf({ tolerations }: Nodes): types.input.core.v1.Toleration[] {
  return tolerations.map(({ key, value, effect }) =>
    value === undefined ? { key, effect, operator: "Exists" } : { key, effect, operator: "Equal", value },
  );
}

/** Sends a stop signal other than SIGTERM, the only one that Kubernetes sends, and waits for the process to end. */
function preStop({ signal }: Stop, drains: boolean): Partial<Container> {
  if (signal !== "SIGTERM") {
    const end = `kill -s ${signal.slice(3)} 1; while kill -s 0 1; do sleep 0.2; done`;
    return { lifecycle: { preStop: { exec: { command: ["sh", "-c", end] } } } };
  }
  return drains ? { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } } : {};
}

/** Renders the pod of one instance of a service. */
export function servicePod(
  name: string,
  service: Job & Pick<Service, "healthy" | "port" | "stateful" | "priority">,
  args: PodArgs,
): PodSpec {
  const { pod, container } = base(name, service, args, service.priority);
  const drains = service.port !== undefined && !service.stateful;
  return {
    ...pod,
    restartPolicy: "Always",
    tolerations: [...tolerationsOf(args.nodes), ...(service.stateful ? [] : lostNode)],
    terminationGracePeriodSeconds: service.stop.graceSeconds + (drains ? drainSeconds : 0),
    topologySpreadConstraints: (args.spread ?? [hosts]).map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector(name) },
      // During an update of a Deployment, the old pods do not count.
      ...(!service.stateful && { matchLabelKeys: ["pod-template-hash"] }),
    })),
    containers: [
      {
        ...container,
        ...(service.port !== undefined && { ports: [{ containerPort: service.port, name: "main" }] }),
        ...probes(service.healthy),
        ...preStop(service.stop, drains),
      },
    ],
  };
}

/** Renders the pod of a job. */
export function jobPod(name: string, job: Job, args: PodArgs): PodSpec {
  const { pod, container } = base(name, job, args, "control");
  return {
    ...pod,
    containers: [container],
    restartPolicy: "Never",
    tolerations: tolerationsOf(args.nodes),
    terminationGracePeriodSeconds: job.stop.graceSeconds,
  };
}

/** Labels that select the pods of one workload. */
export function selector(name: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": name };
}
