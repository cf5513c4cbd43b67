import * as pulumi from "@pulumi/pulumi";
import { hasFlag } from "../../../deploymentFlags.ts";
import type { ImageName } from "../../../images/local.ts";
import type { Settings } from "../../../settings/model/groups.ts";
import { kubernetesDefaults } from "../../../settings/schema/kubernetes.ts";
import { isOlder, oldestKubernetes } from "../../../settings/schema/versions.ts";
import { askCluster, askEngine } from "../../ask.ts";
import type { StateResource } from "../../ownership/known.ts";
import { usedImages } from "../../usedImages.ts";
import { contextFlags, inCluster } from "../ownership.ts";
import { architectureFaults, architecturesIn, podsOf } from "./architectures.ts";
import { neighbourFault, neighbourKinds } from "./neighbours.ts";
import { storageFault, storageKinds } from "./storage.ts";

/** Seconds that a registry has for its answer; a deployment goes on without one. */
const registrySeconds = 10;

/** Lists objects of a cluster; undefined without kubectl, or without the right to read them. */
async function objects(flags: readonly string[], kinds: string) {
  const { text, complaint } = await askCluster([...flags, "get", kinds, "--output", "json"]);
  return complaint === undefined ? JSON.parse(text).items : undefined;
}

/** Asks an image's registry, with the Docker client's logins, for which architectures it has the image. */
async function architectures(image: string): Promise<readonly string[]> {
  // As the engine does, the client accepts plain HTTP from a registry on this machine; unlike it, only by a flag.
  const flags = /^(localhost|127\.[0-9.]+):/.test(image) ? ["--insecure"] : [];
  const command = ["manifest", "inspect", "--verbose", ...flags, image];
  const { text, complaint } = await askEngine(undefined, command, registrySeconds);
  return complaint === undefined ? architecturesIn(text) : [];
}

/** Returns the architectures of the image with DAGs, which the engine here adds to Airflow's image. */
async function withDags(airflow: readonly string[]): Promise<readonly string[]> {
  const { text } = await askEngine(undefined, ["version", "--format", "{{.Server.Arch}}"]);
  return airflow.includes(text.trim()) ? [text.trim()] : airflow;
}

async function known({ images, dagsImage }: Settings, names: readonly ImageName[]) {
  const asked = names.map(async (name): Promise<[string, readonly string[]]> => {
    const found = await architectures(images[name]);
    return name === "airflow" && dagsImage !== undefined
      ? ["dagsImage", await withDags(found)]
      : [`images.${name}`, found];
  });
  const answers = await Promise.all(asked);
  return new Map(answers.filter(([, found]) => found.length > 0));
}

async function versionFaults(flags: readonly string[]): Promise<readonly string[]> {
  const { text, complaint } = await askCluster([...flags, "version", "--output", "json"]);
  const given: unknown = complaint === undefined ? JSON.parse(text).serverVersion?.gitVersion : undefined;
  const [, release] = /^v(\d+\.\d+)/.exec(String(given)) ?? [];
  if (release === undefined || !isOlder(release, oldestKubernetes)) return [];
  return [`the cluster has Kubernetes ${given}; expected ${oldestKubernetes} or newer: upgrade the cluster`];
}

async function storageFaults(settings: Settings, flags: readonly string[]): Promise<readonly string[]> {
  const { storage } = settings.kubernetes ?? kubernetesDefaults;
  if (storage.sharedAccess !== "ReadWriteMany") return [];
  const found = await objects(flags, storageKinds);
  return found ? [storageFault(found, storage.sharedClass) ?? []].flat() : [];
}

/** Explains why people and roles would not reach a webserver, which listens on IPv4 addresses: Services have IPv6 ones. */
async function addressFaults(flags: readonly string[]): Promise<readonly string[]> {
  const service = ["get", "service", "kubernetes", "--namespace", "default"];
  const { text, complaint } = await askCluster([
    ...flags,
    ...service,
    "--output",
    "jsonpath={.spec.clusterIP}",
  ]);
  if (complaint !== undefined || !text.includes(":")) return [];
  return [
    `the cluster gives Services IPv6 addresses, such as ${text.trim()}; expected a cluster of IPv4 addresses, or of both kinds with IPv4 first`,
  ];
}

async function imageFaults(settings: Settings, flags: readonly string[]): Promise<readonly string[]> {
  const nodes = await objects(flags, "nodes");
  return nodes
    ? architectureFaults(podsOf(settings), nodes, await known(settings, usedImages(settings)))
    : [];
}

/** True if a state has objects in a namespace. */
function isDeployed(resources: readonly StateResource[], namespace: string): boolean {
  return resources.some(({ type, outputs = {} }) => {
    const { metadata } = outputs as { metadata?: { namespace?: string } };
    return type.startsWith("kubernetes:") && metadata?.namespace === namespace;
  });
}

/** Explains why a stack has to go on making its namespace: a cluster removes a namespace with all volumes in it. */
function namespaceFaults(resources: readonly StateResource[]): readonly string[] {
  const made = resources.find(({ type }) => type === "kubernetes:core/v1:Namespace");
  const { metadata } = (made?.outputs ?? {}) as { metadata?: { name?: string } };
  if (!made) return [];
  return [
    `kubernetes.createNamespace is false, and the stack has made namespace ${metadata?.name}, which has its data; expected true`,
  ];
}

/** Looks for what others run in a namespace; the owner of one with an installation's label is checked elsewhere. */
async function neighbourFaults(namespace: string, flags: readonly string[]): Promise<readonly string[]> {
  const [found] = await inCluster([{ kind: "namespace", name: namespace }], flags, () => []);
  if (found?.installation) return [];
  return [neighbourFault(namespace, (await objects(flags, neighbourKinds)) ?? []) ?? []].flat();
}

/**
 * Checks before anything is touched that the cluster is new enough, has IPv4 addresses, can make volumes for pods on many nodes, and has
 * nodes for the stack's images, and that nothing else runs in its namespace. What kubectl or a registry does not tell
 * is not checked.
 * @param namespace unless the settings give one
 * @param resources resources of the last deployment
 * @throws pulumi.RunError listing every fault
 */
export async function checkCluster(
  settings: Settings,
  namespace: string,
  resources: readonly StateResource[] = [],
): Promise<void> {
  const { kubernetes = kubernetesDefaults } = settings;
  const place = kubernetes.namespace ?? namespace;
  const flags = [...contextFlags(kubernetes), "--namespace", place];
  const mayShare = hasFlag("adopt") || isDeployed(resources, place);
  const faults = await Promise.all([
    kubernetes.createNamespace ? [] : namespaceFaults(resources),
    versionFaults(flags),
    addressFaults(contextFlags(kubernetes)),
    mayShare ? [] : neighbourFaults(place, flags),
    storageFaults(settings, flags),
    imageFaults(settings, flags),
  ]);
  if (faults.flat().length > 0) throw new pulumi.RunError(faults.flat().join("\n"));
}
