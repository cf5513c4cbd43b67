import { dirname, join } from "node:path";
import { localImage } from "../../../images/local.ts";
import { ensureLab, type Lab } from "../../lab/lab.ts";
import { registry } from "../../lab/settings.ts";
import { waitFor } from "../../runner/waiting.ts";
import type { Config } from "../lib/harness.ts";
import { read } from "./api.ts";
import type { Instance, Instances, Target } from "./target.ts";
import { Tunnel } from "./tunnel.ts";

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
  };
}

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly {
      readonly resources: { readonly limits: Readonly<Record<string, string>> };
    }[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly containerID?: string }[];
  };
}

const label = "app.kubernetes.io/name";
let up: Promise<Lab> | undefined;
let images: Promise<Config> | undefined;
const tunnels = new Map<string, Tunnel[]>();

/** Brings up the cluster at the first call, and points tools to it. */
export function lab(): Promise<Lab> {
  up ??= ensureLab().then((made) => {
    process.env.KUBECONFIG = made.kubeconfig;
    process.env.PATH = `${join(dirname(made.kubeconfig), "bin")}:${process.env.PATH}`;
    return made;
  });
  return up;
}

async function imagesOf({ image }: Lab): Promise<Config> {
  const names = ["airflow", "postgres", "redis"] as const;
  const images = names.map(async (name) => [name, await image(localImage(name))] as const);
  return Object.fromEntries(await Promise.all(images));
}

export async function kubectl(...args: string[]): Promise<string> {
  return (await lab()).kubectl(...args);
}

export function isReady({ metadata, status }: Pod): boolean {
  const ready = status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  return ready && metadata.deletionTimestamp === undefined;
}

/** Names an instance: one of a group, or one of several with a state, by its pod; others by their workload, numbered if it has several pods. */
function nameOf({ metadata }: Pod, siblings: readonly Pod[]): string {
  const workload = metadata.labels[label] ?? "";
  const [owner] = metadata.ownerReferences ?? [];
  if (/^worker|^triggerer-/.test(workload) || (owner?.kind === "StatefulSet" && siblings.length > 1))
    return metadata.name;
  if (owner?.kind !== "ReplicaSet" || siblings.length === 1) return workload;
  return `${workload}-${siblings.findIndex(({ metadata: { uid } }) => uid === metadata.uid) + 1}`;
}

/** Finds the pods of a namespace, by instance name, except those being stopped. */
export async function pods(namespace: string): Promise<Map<string, Pod>> {
  const { kubeconfig } = await lab();
  const listed = await read<{ items: Pod[] }>(kubeconfig, `/api/v1/namespaces/${namespace}/pods`);
  const age = ({ metadata }: Pod) => `${metadata.creationTimestamp} ${metadata.name}`;
  const staying = listed.items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort((one, other) => age(one).localeCompare(age(other)));
  const groups = Map.groupBy(staying, ({ metadata }) => metadata.labels[label]);
  return new Map([...groups.values()].flatMap((group) => group.map((pod) => [nameOf(pod, group), pod])));
}

async function podName(namespace: string, instance: string): Promise<string> {
  const pod = (await pods(namespace)).get(instance);
  if (!pod) throw new Error(`namespace ${namespace} has no pod of ${instance}`);
  return pod.metadata.name;
}

async function config(stack: string): Promise<Config> {
  images ??= imagesOf(await lab());
  return {
    platform: "kubernetes",
    images: await images,
    dagsImage: `${registry}/airflow-on-celery/dags-${stack}`,
  };
}

async function instances(stack: string): Promise<Instances> {
  const instance = (pod: Pod): Instance => ({
    id: pod.metadata.uid,
    start: pod.status.containerStatuses?.[0]?.containerID ?? "",
    healthy: isReady(pod),
  });
  return new Map([...(await pods(stack))].map(([name, pod]) => [name, instance(pod)]));
}

async function exec(stack: string, instance: string, command: readonly string[]): Promise<string> {
  return kubectl("exec", "--namespace", stack, await podName(stack, instance), "--", ...command);
}

async function log(stack: string, instance: string): Promise<string> {
  return kubectl("logs", "--namespace", stack, await podName(stack, instance));
}

async function crash(stack: string, instance: string): Promise<void> {
  const before = (await instances(stack)).get(instance);
  // A container cannot kill its process 1, which ends with its only child. This command is killed, too.
  await exec(stack, instance, ["sh", "-c", "kill -s KILL -- -1"]).catch(() => {});
  await waitFor(`${instance} to end`, 30, async () => {
    const now = (await instances(stack)).get(instance);
    return now?.start !== before?.start || !now?.healthy ? true : undefined;
  });
}

async function remove(stack: string, instance: string): Promise<void> {
  const pod = (await pods(stack)).get(instance);
  const selector = `${label}=${pod?.metadata.labels[label]}`;
  await kubectl("delete", "deployment,statefulset", "--namespace", stack, "--selector", selector);
}

/** Lists the cluster-wide objects of a stack, by their names in `kubectl`. */
async function leftovers(stack: string): Promise<string[]> {
  const objects = await kubectl("get", "namespace,priorityclass", "--output", "name");
  const claimed = "{range .items[*]}{.spec.claimRef.namespace}/{.metadata.name}{'\\n'}{end}";
  const volumes = await kubectl("get", "persistentvolume", "--output", `jsonpath=${claimed}`);
  const ofStack = new RegExp(`(^|/)${stack}($|[-/])`);
  return `${objects}\n${volumes}`.split("\n").filter((line) => ofStack.test(line));
}

async function readable(stack: string): Promise<Map<string, string>> {
  const kinds = await kubectl("api-resources", "--namespaced", "--verbs=list", "--output", "name");
  const visible = kinds.split("\n").filter((kind) => kind !== "" && kind !== "secrets");
  const all = new Map<string, string>();
  for (const kind of visible) {
    const text = await kubectl("get", kind, "--namespace", stack, "--output", "yaml");
    all.set(`kubectl get ${kind}`, text);
  }
  for (const [name, pod] of await pods(stack)) {
    all.set(`log of ${name}`, await kubectl("logs", "--namespace", stack, pod.metadata.name));
    if (!isReady(pod)) continue;
    const everyone = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'";
    all.set(`processes of ${name}`, await exec(stack, name, ["sh", "-c", `${everyone}; env`]));
  }
  return all;
}

async function tunnel(stack: string, service: string, port: number, inside: number): Promise<Tunnel> {
  const { kubeconfig } = await lab();
  const pod = () =>
    waitFor(`a ready ${service}`, 60, async () => {
      const ready = [...(await pods(stack)).values()].filter(isReady);
      return ready.find(({ metadata }) => metadata.labels[label] === service)?.metadata.name;
    });
  const made = new Tunnel({ kubeconfig, namespace: stack, pod, port, inside });
  await made.open();
  return made;
}

/** Waits until replaced pods stop, as a new pod may serve before its predecessor gets the signal. */
async function settled(stack: string): Promise<void> {
  await waitFor(`replaced pods of ${stack} to be stopping`, 60, async () => {
    const { kubeconfig } = await lab();
    const path = `/apis/apps/v1/namespaces/${stack}/deployments`;
    const { items } = await read<{ items: Deployment[] }>(kubeconfig, path);
    const isSettled = ({ metadata, spec, status }: Deployment) =>
      status.observedGeneration === metadata.generation &&
      (status.replicas ?? 0) === spec.replicas &&
      (status.updatedReplicas ?? 0) === spec.replicas;
    return items.every(isSettled) || undefined;
  });
}

async function disconnect(stack: string): Promise<void> {
  for (const made of tunnels.get(stack) ?? []) made.close();
  tunnels.delete(stack);
}

/** Removes all stacks whose names start with `prefix`: leftovers of an interrupted test. */
export async function sweep(prefix: string): Promise<void> {
  const objects = await kubectl("get", "namespace,priorityclass", "--output", "name");
  const swept = objects.split("\n").filter((object) => object.split("/")[1]?.startsWith(prefix));
  const namespaces = swept.flatMap((object) => (object.startsWith("namespace/") ? [object.slice(10)] : []));
  for (const namespace of namespaces) {
    // Tasks of an interrupted test need no grace.
    await kubectl("delete", "deployment,statefulset,job", "--all", "--wait=false", "--namespace", namespace);
    await kubectl("delete", "pods", "--all", "--force", "--grace-period=0", "--namespace", namespace);
  }
  if (swept.length > 0) await kubectl("delete", ...swept);
}

/** Operations on the lab's cluster. */
export const onKubernetes: Target = {
  name: "kubernetes",
  config,
  connect: async (stack, { webserverPort, flowerPort }) => {
    await disconnect(stack);
    await settled(stack);
    const wanted = [
      tunnel(stack, "webserver", webserverPort, 8080),
      tunnel(stack, "flower", flowerPort, 5555),
    ];
    tunnels.set(stack, await Promise.all(wanted));
  },
  disconnect,
  instances,
  exec,
  log,
  crash,
  restart: async (stack, instance) =>
    void (await kubectl("delete", "pod", "--namespace", stack, await podName(stack, instance))),
  remove,
  leftovers,
  readable,
  sweep,
};
