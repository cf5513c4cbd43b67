import { secretsDirectory } from "../../workload.ts";
import { containersOf, type Declared } from "./mocks.ts";

type Texts = Readonly<Record<string, string>>;

/** Program that a stack runs in a container or a pod, with its inputs. */
export interface Program {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  /** Text of everything that the program is given, including secrets. */
  readonly given: string;
  readonly env: Texts;
  /** Paths of the program's files, secrets and volumes. */
  readonly paths: ReadonlySet<string>;
  readonly hosts: Texts;
  readonly labels: Texts;
  /** Limits and priority. */
  readonly shares: Readonly<Record<string, unknown>>;
}

interface Container {
  readonly image: string;
  readonly entrypoints: readonly string[];
  readonly envs: readonly string[];
  readonly uploads: readonly { readonly file: string }[];
  readonly mounts: readonly { readonly target: string }[];
  readonly hosts?: readonly { readonly host: string; readonly ip: string }[];
  readonly labels?: readonly { readonly label: string; readonly value: string }[];
  readonly memory?: number;
  readonly memorySwap?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
}

function fromContainer(name: string, container: Container): Program {
  const { image, entrypoints, envs, uploads, mounts, hosts = [], labels = [] } = container;
  const { memory, memorySwap, cpuQuota, cpuShares } = container;
  return {
    name,
    image,
    command: entrypoints,
    given: JSON.stringify(container),
    env: Object.fromEntries(envs.map((line) => line.split(/=(.*)/s).slice(0, 2))),
    paths: new Set([...uploads.map(({ file }) => file), ...mounts.map(({ target }) => target)]),
    hosts: Object.fromEntries(hosts.map(({ host, ip }) => [host, ip])),
    labels: Object.fromEntries(labels.map(({ label, value }) => [label, value])),
    shares: { memory, memorySwap, cpuQuota, cpuShares },
  };
}

interface Pod {
  readonly serviceAccountName?: string;
  readonly priorityClassName?: string;
  readonly hostAliases?: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  readonly containers: readonly {
    readonly image: string;
    readonly command: readonly string[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts: readonly { readonly mountPath: string }[];
    readonly resources: { readonly limits: Texts; readonly requests: Texts };
  }[];
}

function fromPod(name: string, labels: Texts, pod: Pod, files: Texts, secrets: Texts): Program[] {
  const aliases = (pod.hostAliases ?? []).flatMap(({ ip, hostnames }) => hostnames.map((host) => [host, ip]));
  const { serviceAccountName: account, priorityClassName: priority } = pod;
  return pod.containers.map(({ image, command, env, volumeMounts, resources: { limits, requests } }) => ({
    name,
    image,
    command,
    given: JSON.stringify([pod, files, secrets]),
    env: Object.fromEntries(env.map((variable) => [variable.name, variable.value])),
    paths: new Set([
      ...volumeMounts.map(({ mountPath }) => mountPath),
      ...Object.keys(secrets).map((key) => `${secretsDirectory}/${key}`),
    ]),
    hosts: Object.fromEntries(aliases),
    labels,
    shares: { ...limits, request: requests.memory, account, priority },
  }));
}

interface Workload {
  readonly template: { readonly metadata: { readonly labels: Texts }; readonly spec: Pod };
}

/** Every program of a stack, on an engine or in a cluster. */
export function programsOf(declared: readonly Declared[]): readonly Program[] {
  const containers = [...containersOf(declared)].map(([name, inputs]) =>
    fromContainer(name, inputs as unknown as Container),
  );
  const field = (kind: string, of: string, key: string) =>
    (declared.find(({ type, name }) => type === `kubernetes:core/v1:${kind}` && name === of)?.inputs[key] ??
      {}) as Texts;
  const pods = declared.flatMap(({ name, inputs }) => {
    const { template } = (inputs.spec ?? {}) as Partial<Workload>;
    if (!template) return [];
    const [files, secrets] = [field("ConfigMap", name, "data"), field("Secret", name, "stringData")];
    return fromPod(name, template.metadata.labels, template.spec, files, secrets);
  });
  return [...containers, ...pods];
}
