import assert from "node:assert/strict";
import { runtimeDirectory } from "../../workload.ts";
import type { Declared } from "../unit/mocks.ts";
import type { Facts } from "./facts.ts";

interface Probe {
  readonly exec: { readonly command: readonly string[] };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly resources: { readonly limits: { readonly cpu: string; readonly memory: string } };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly capabilities: { readonly add?: readonly string[]; readonly drop: readonly string[] };
    readonly privileged: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly runAsUser: number;
    readonly runAsGroup: number;
  };
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
    readonly readOnly?: boolean;
  }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: {
    readonly preStop: {
      readonly sleep?: { readonly seconds: number };
      readonly exec?: { readonly command: readonly string[] };
    };
  };
}

interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly configMap?: { readonly defaultMode: number };
  readonly secret?: { readonly defaultMode: number };
}

export interface PodSpec {
  readonly restartPolicy: string;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: {
    readonly fsGroup: number;
    readonly supplementalGroups?: readonly number[];
    readonly seccompProfile?: { readonly type: string };
  };
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

/** Texts of the ConfigMap and the Secret delivered to a workload, by key. */
interface Deliveries {
  readonly files: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Splits off the shell that execs the command. */
function commands({ command, args = [] }: Container): Facts {
  const all = [...command, ...args];
  const front = all[0] === "sh" && all[2]?.endsWith('; exec "$@"') ? all.splice(0, 4) : [];
  return { command: JSON.stringify(all), "in front of the command": front.join(" ") };
}

const mode = (bits: number) => bits.toString(8).padStart(4, "0");

/** Facts about what is mounted at a path. */
function mounted(
  { mountPath, subPath, readOnly }: Container["volumeMounts"][number],
  volume: Volume,
  { files, secrets }: Deliveries,
): Facts {
  if (volume.emptyDir) return mountPath === runtimeDirectory ? {} : { [`scratch ${mountPath}`]: "writable" };
  if (volume.persistentVolumeClaim) {
    const { claimName } = volume.persistentVolumeClaim;
    return { [`volume ${mountPath}`]: `${claimName}, ${readOnly ? "read-only" : "writable"}` };
  }
  const bits = mode((volume.configMap ?? volume.secret)?.defaultMode ?? 0);
  const contents = volume.configMap ? files : secrets;
  const entries =
    subPath === undefined
      ? Object.entries(contents).map(([key, text]) => [`${mountPath}/${key}`, text] as const)
      : [[mountPath, contents[subPath] ?? assert.fail(`nothing is delivered as ${subPath}`)] as const];
  return Object.fromEntries(
    entries.flatMap(([path, text]) => [
      [`file ${path}`, text],
      [`mode of ${path}`, bits],
    ]),
  );
}

function mounts(container: Container, { volumes }: PodSpec, deliveries: Deliveries): Facts {
  const facts = container.volumeMounts.map((mount) => {
    const volume = volumes.find(({ name }) => name === mount.name) ?? assert.fail(`no volume ${mount.name}`);
    return mounted(mount, volume, deliveries);
  });
  const memory = container.volumeMounts.find(({ mountPath }) => mountPath === runtimeDirectory);
  const { emptyDir } = volumes.find(({ name }) => name === memory?.name) ?? {};
  const size = emptyDir?.medium === "Memory" ? emptyDir.sizeLimit : undefined;
  return Object.assign({ [`${runtimeDirectory}, MiB`]: size?.replace(/Mi$/, "") ?? "" }, ...facts);
}

function security({ securityContext }: Container, pod: PodSpec): Facts {
  const { runAsUser, runAsGroup, capabilities, privileged, allowPrivilegeEscalation } = securityContext;
  const { fsGroup, supplementalGroups = [], seccompProfile } = pod.securityContext;
  const profile = seccompProfile?.type;
  return {
    user: String(runAsUser),
    group: String(runAsGroup),
    "further groups": [fsGroup, ...supplementalGroups].filter((group) => group !== runAsGroup).join(),
    privileged: String(privileged),
    "dropped capabilities": capabilities.drop.join(),
    "added capabilities": (capabilities.add ?? []).join(),
    "no new privileges": String(!allowPrivilegeEscalation),
    seccomp: profile === "RuntimeDefault" ? "the runtime's" : String(profile),
  };
}

/** One run of the startup probe polls until the command succeeds or its time is up, as on Docker. */
export function podHealth({ startupProbe, livenessProbe, readinessProbe }: Container): Facts {
  if (!startupProbe || !livenessProbe || !readinessProbe) return {};
  const [, , poll = "", , ...started] = startupProbe.exec.command;
  const [, check, start, longest] =
    /\nuntil timeout (\d+) "\$@"; do\n[\s\S]* judge_progress (\d+) (\d+)\n/.exec(poll) ?? [];
  assert.ok(start !== undefined, `the startup probe does not poll: ${startupProbe.exec.command}`);
  const [, , watch = "", , ...watched] = livenessProbe.exec.command;
  const [, every, look] = /; do\n +sleep (\d+)\n +timeout (\d+) "\$@" \|\|/.exec(watch) ?? [];
  assert.ok(every !== undefined, `the liveness probe does not look again: ${livenessProbe.exec.command}`);
  const distinct = (...all: readonly unknown[]) => [...new Set(all.map(String))].join();
  const commands = [started, watched, readinessProbe.exec.command];
  return {
    "health command": distinct(...commands.map((command) => JSON.stringify(command))),
    "health: seconds for a start": start,
    "health: seconds for a slow start": String(longest),
    "health: seconds between checks": every,
    "health: seconds for a check": distinct(check, look, readinessProbe.timeoutSeconds),
    "health: checks that fail before a restart": String(livenessProbe.failureThreshold),
    "ready: seconds between checks": String(readinessProbe.periodSeconds),
    "ready: checks that fail before nothing is sent there": String(readinessProbe.failureThreshold),
  };
}

export function podStop({ lifecycle }: Container, { terminationGracePeriodSeconds }: PodSpec): Facts {
  const { sleep, exec } = lifecycle?.preStop ?? {};
  // Sends its own signal and waits for the end, so that Kubernetes' signal finds no process.
  const signal = /^kill -s (\w+) 1; while kill -s 0 1; do sleep [\d.]+; done$/.exec(
    exec?.command[2] ?? "",
  )?.[1];
  if (exec) assert.ok(signal, `${exec.command} does not send a signal and wait`);
  const before = sleep?.seconds ?? 0;
  return {
    "stop: signal": `SIG${signal ?? "TERM"}`,
    "stop: seconds of grace": String(terminationGracePeriodSeconds - before),
    "stop: seconds before the signal": String(before),
  };
}

/** Limits in whole MiB, and in thousandths of cores. */
function limits({ resources }: Container): Facts {
  const { memory, cpu } = resources.limits;
  return {
    "memory, MiB": memory.replace(/Mi$/, ""),
    // Kubernetes gives no swap.
    "swap, MiB": "0",
    "cpu, cores": String(Number(cpu.replace(/m$/, "")) / 1000),
  };
}

function podFactsOf(pod: PodSpec, deliveries: Deliveries): Facts {
  const [container, ...others] = pod.containers;
  assert.ok(container && others.length === 0, "a pod has one container");
  return {
    image: container.image,
    "root file system": container.securityContext.readOnlyRootFilesystem ? "read-only" : "writable",
    "process 1": "the command",
    restarted: pod.restartPolicy.toLowerCase(),
    ...Object.fromEntries(container.env.map(({ name, value }) => [`env ${name}`, value])),
    ...commands(container),
    ...limits(container),
    ...mounts(container, pod, deliveries),
    ...security(container, pod),
    ...podHealth(container),
    ...podStop(container, pod),
  };
}

const kinds = /^kubernetes:(apps|batch)\/v1:(Deployment|StatefulSet|Job)$/;

/** Facts about the pod of each workload, by workload. */
export function podFacts(declared: readonly Declared[]): Map<string, Facts> {
  const delivered = (type: string, name: string, field: string) =>
    (declared.find((one) => one.type === type && one.name === name)?.inputs[field] ?? {}) as Record<
      string,
      string
    >;
  const workloads = declared.filter(({ type }) => kinds.test(type));
  return new Map(
    workloads.map(({ name, inputs }) => {
      const { template } = inputs.spec as { template: { spec: PodSpec } };
      const files = delivered("kubernetes:core/v1:ConfigMap", name, "data");
      const secrets = delivered("kubernetes:core/v1:Secret", name, "stringData");
      return [name, podFactsOf(template.spec, { files, secrets })];
    }),
  );
}
