import type { Settings } from "../../../settings/model/groups.ts";
import { kubernetesDefaults } from "../../../settings/schema/kubernetes.ts";
import type { Nodes } from "../../../workload.ts";
import { usedImages } from "../../usedImages.ts";

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** A node, as `kubectl get nodes --output json` lists it. */
export interface ClusterNode {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly taints?: readonly Taint[] };
  readonly status: { readonly nodeInfo: { readonly architecture: string } };
}

/** Architectures of a stack's images, in Go's words (`amd64`, `arm64`), by the image's key; unknown ones are missing. */
export type ImageArchitectures = ReadonlyMap<string, readonly string[]>;

/** Pods that may run on the same nodes. */
interface Pods {
  readonly who: string;
  readonly nodes: Nodes;
  /** Keys of their images. */
  readonly images: readonly string[];
}

const architectureLabel = "kubernetes.io/arch";

/** Names the pods of a stack by the nodes that they may run on; a role with node affinities of its own is left out. */
export function podsOf(settings: Settings): Pods[] {
  const { kubernetes = kubernetesDefaults, machines = [], groups, roles, dagsImage } = settings;
  const { nodeLabels, controlLabels } = kubernetes;
  const airflow = dagsImage === undefined ? "images.airflow" : "dagsImage";
  const choose = (...names: ("all" | "worker")[]) =>
    names.some((name) => roles[name]?.pod?.affinity?.nodeAffinity !== undefined);
  const others = usedImages(settings).filter((name) => name !== "airflow");
  const control = {
    who: "everything but workers",
    nodes: { labels: { ...nodeLabels, ...controlLabels }, tolerations: [] },
    images: [...(choose("all") ? [] : [airflow]), ...others.map((name) => `images.${name}`)],
  };
  const workers = choose("all", "worker") ? [] : groups;
  return [
    control,
    ...workers.map(({ name, machine, nodes }) => {
      const place = machines.find((one) => one.name === machine);
      const labels = place?.node === undefined ? place?.labels : { "kubernetes.io/hostname": place.node };
      const all = { ...nodeLabels, ...labels, ...nodes?.labels };
      return { who: name, nodes: { labels: all, tolerations: nodes?.tolerations ?? [] }, images: [airflow] };
    }),
  ];
}

/** True if pods may run on a node, now or later: the cluster's own taints, such as that of a node that is down, pass. */
function admits({ metadata: { labels = {} }, spec: { taints = [] } }: ClusterNode, pods: Nodes): boolean {
  const isTolerated = ({ key, value, effect }: Taint) =>
    pods.tolerations.some(
      (one) => one.key === key && one.effect === effect && (one.value ?? value) === value,
    );
  return (
    Object.entries(pods.labels).every(([key, value]) => labels[key] === value) &&
    taints.every(
      (taint) =>
        taint.effect === "PreferNoSchedule" ||
        taint.key.startsWith("node.kubernetes.io/") ||
        isTolerated(taint),
    )
  );
}

const list = new Intl.ListFormat("en-GB");

/** Names at most three of many. */
function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}

/** Lists things by architecture. */
function byArchitecture<T>(all: readonly T[], architecture: (one: T) => string): [string, T[]][] {
  return [...Map.groupBy(all, architecture)].sort(([one], [other]) => one.localeCompare(other));
}

const page = "docs/kubernetes.md#architectures";

function faultOf(
  pods: readonly Pods[],
  nodes: readonly ClusterNode[],
  known: ImageArchitectures,
): string | undefined {
  const architectureOf = ({ metadata: { labels }, status }: ClusterNode) =>
    labels?.[architectureLabel] ?? status.nodeInfo.architecture;
  const runsOn = (image: string, node: ClusterNode) =>
    known.get(image)?.includes(architectureOf(node)) ?? true;
  const all = [...new Set(pods.flatMap(({ images }) => images))];
  const narrow = all.filter((image) => !nodes.every((node) => runsOn(image, node)));
  if (narrow.length === 0) return;
  const fit = nodes.filter((node) => narrow.every((image) => runsOn(image, node)));
  const have = byArchitecture(narrow, (image) => list.format(known.get(image) ?? [])).map(
    ([architectures, names]) =>
      `${list.format(names)} ${names.length > 1 ? "are" : "is"} for ${architectures}`,
  );
  const places = byArchitecture(nodes, architectureOf);
  const given = places.map(
    ([architecture, on]) => `${architecture} (${some(on.map(({ metadata }) => metadata.name))})`,
  );
  const architectures = list.format(places.map(([architecture]) => architecture));
  const label = fit[0] && `{ ${architectureLabel}: ${architectureOf(fit[0])} }`;
  const remedy = label
    ? `nodes of one architecture, by kubernetes.nodeLabels: ${label}, or images for ${architectures}`
    : `images for ${architectures}`;
  return (
    `${list.format(have)}, and the nodes for ${list.format(pods.map(({ who }) => who))} are ${list.format(given)}; ` +
    `expected ${remedy}: ${page}`
  );
}

/**
 * Explains which images cannot run on all nodes that their pods may be sent to. Images with unknown architectures, and
 * pods for which there is no node yet, have no fault.
 */
export function architectureFaults(
  pods: readonly Pods[],
  nodes: readonly ClusterNode[],
  known: ImageArchitectures,
): string[] {
  const placed = pods.map((one) => ({ ...one, on: nodes.filter((node) => admits(node, one.nodes)) }));
  const together = Map.groupBy(placed, ({ on }) => on.map(({ metadata }) => metadata.name).join());
  return [...together.values()].flatMap((same) => faultOf(same, same[0]?.on ?? [], known) ?? []);
}

interface Manifest {
  readonly Descriptor?: { readonly platform?: { readonly architecture: string; readonly os: string } };
}

/** Reads what `docker manifest inspect --verbose` prints; attestations, which builders add, have no platform. */
export function architecturesIn(text: string): string[] {
  const manifests = [JSON.parse(text)].flat() as Manifest[];
  const platforms = manifests.flatMap(({ Descriptor }) => Descriptor?.platform ?? []);
  return [
    ...new Set(platforms.filter(({ os }) => os === "linux").map(({ architecture }) => architecture)),
  ].sort();
}
