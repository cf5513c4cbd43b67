import type { types } from "@pulumi/kubernetes";
import { within } from "../../settings/model/addresses.ts";
import { type Endpoint, isInside, type Job, type Service, type Target } from "../../workload.ts";
import { selector } from "./pod.ts";

type Policy = types.input.networking.v1.NetworkPolicySpec;
type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Ingress = types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = types.input.networking.v1.NetworkPolicyEgressRule;

/** Peers outside the stack. */
interface PolicyContext {
  /** Addresses that workloads with `outbound` may connect to. */
  readonly egress: { readonly to: readonly string[]; readonly except: readonly string[] };
  /** Further name servers. */
  readonly dns: readonly string[];
  /** Addresses of the API server, with ports, if tasks may use it. */
  readonly apiServer?: readonly string[] | undefined;
  /** Sources that a published workload admits: pods of a namespace, and ranges of addresses. */
  readonly people?: { readonly namespace?: string | undefined; readonly from: readonly string[] } | undefined;
}

/** Labels that let a pod connect to the services that its workload reaches. */
export function reachLabels({ reaches }: Job): Readonly<Record<string, string>> {
  return Object.fromEntries(reaches.filter(isInside).map(({ host }) => [`reaches/${host}`, "true"]));
}

function namespaceCalled(name: string) {
  return { matchLabels: { "kubernetes.io/metadata.name": name } };
}

const resolvers: readonly Peer[] = [
  {
    namespaceSelector: namespaceCalled("kube-system"),
    podSelector: {
      matchExpressions: [
        { key: "k8s-app", operator: "In", values: ["kube-dns", "coredns", "node-local-dns"] },
      ],
    },
  },
  {
    namespaceSelector: namespaceCalled("openshift-dns"),
    podSelector: { matchLabels: { "dns.operator.openshift.io/daemonset-dns": "default" } },
  },
  // Resolvers of the node itself: NodeLocal DNSCache, and Cloud DNS of GKE.
  { ipBlock: { cidr: "169.254.0.0/16" } },
];

/** Allows connections to name servers; OpenShift's listen on port 5353. */
function toNameServers({ dns }: PolicyContext): Egress {
  const ports = [53, 5353].flatMap((port) => ["UDP", "TCP"].map((protocol) => ({ port, protocol })));
  return { to: [...resolvers, ...dns.map((cidr) => ({ ipBlock: { cidr } }))], ports };
}

/** Allows connections to the API server, at its addresses with ports. */
function toApiServer(addresses: readonly string[]): Egress[] {
  return addresses.map((address) => {
    const [range = "", port] = address.split(":");
    const cidr = range.includes("/") ? range : `${range}/32`;
    return { to: [{ ipBlock: { cidr } }], ports: [{ port: Number(port), protocol: "TCP" }] };
  });
}

/** Allows connections to a target; a name outside the stack may have any address, since a policy cannot name hosts. */
function toTarget(target: Target): Egress {
  const ports = [{ port: target.port, protocol: "TCP" }];
  if (isInside(target)) return { to: [{ podSelector: { matchLabels: selector(target.host) } }], ports };
  const { address } = target;
  return address === undefined ? { ports } : { to: [{ ipBlock: { cidr: `${address}/32` } }], ports };
}

/** Allows connections to ranges of addresses; a policy accepts an exception only inside its range. */
function toRanges({ to, except }: PolicyContext["egress"]): Egress[] {
  const peers = to
    .filter((cidr) => !except.some((exception) => within(cidr, exception)))
    .map((cidr) => {
      const exceptions = except.filter((exception) => within(exception, cidr));
      return { ipBlock: { cidr, ...(exceptions.length > 0 && { except: exceptions }) } };
    });
  // A rule without peers would allow every peer.
  return peers.length > 0 ? [{ to: peers }] : [];
}

function peersOf(people: PolicyContext["people"]): Peer[] {
  if (!people) return [];
  const { namespace, from } = people;
  const pods = namespace === undefined ? [] : [{ namespaceSelector: namespaceCalled(namespace) }];
  return [...pods, ...from.map((range) => ({ ipBlock: { cidr: range } }))];
}

/** Allows the connections of one workload in both directions, and denies all others. */
export function policy(
  name: string,
  workload: Job & Pick<Partial<Service>, "port" | "runsTasks">,
  context: PolicyContext,
): Policy {
  const { port, reaches, outbound, runsTasks } = workload;
  const ports = [{ port: port ?? 0, protocol: "TCP" }];
  const reachers: Ingress = {
    from: [{ podSelector: { matchLabels: { [`reaches/${name}`]: "true" } } }],
    ports,
  };
  const people = peersOf(context.people).map((peer): Ingress => ({ from: [peer], ports }));
  const talks = reaches.length > 0 || outbound;
  return {
    podSelector: { matchLabels: selector(name) },
    policyTypes: ["Ingress", "Egress"],
    ingress: port === undefined ? [] : [reachers, ...people],
    egress: [
      ...(talks ? [toNameServers(context)] : []),
      ...reaches.map(toTarget),
      ...(outbound ? toRanges(context.egress) : []),
      ...(runsTasks ? toApiServer(context.apiServer ?? []) : []),
    ],
  };
}

/** Denies all connections of pods that no other policy selects. */
export const denyAll: Policy = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

/** Admits people to the pods with which cert-manager answers an authority's question over HTTP. */
export function solvers(people: PolicyContext["people"]): Policy {
  const ports = [{ port: 8089, protocol: "TCP" }];
  return {
    podSelector: { matchLabels: { "acme.cert-manager.io/http01-solver": "true" } },
    policyTypes: ["Ingress"],
    ingress: peersOf(people).map((peer) => ({ from: [peer], ports })),
  };
}

/** Admits another namespace to a service. */
export function admission(namespace: string, { host, port }: Endpoint): Policy {
  return {
    podSelector: { matchLabels: selector(host) },
    policyTypes: ["Ingress"],
    ingress: [
      { from: [{ namespaceSelector: namespaceCalled(namespace) }], ports: [{ port, protocol: "TCP" }] },
    ],
  };
}
