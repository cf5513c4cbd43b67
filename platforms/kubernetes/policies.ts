import type { types } from "@pulumi/kubernetes";
import { within } from "../../settings/model/addresses.ts";
import { type Endpoint, isInside, type Job, type Target } from "../../workload.ts";
import { selector } from "./pod.ts";

type Policy = types.input.networking.v1.NetworkPolicySpec;
type Ingress = types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = types.input.networking.v1.NetworkPolicyEgressRule;

/** Peers outside the stack. */
export interface PolicyContext {
  /** Addresses that workloads with `outbound` may connect to. */
  readonly egress: { readonly to: readonly string[]; readonly except: readonly string[] };
  /** Namespace of the ingress controller, if the workload is published. */
  readonly ingressNamespace?: string | undefined;
}

/** Labels that let a pod connect to the services that its workload reaches. */
export function reachLabels({ reaches }: Job): Readonly<Record<string, string>> {
  return Object.fromEntries(reaches.filter(isInside).map(({ host }) => [`reaches/${host}`, "true"]));
}

function namespaceCalled(name: string) {
  return { matchLabels: { "kubernetes.io/metadata.name": name } };
}

function names(): Egress {
  const dns = {
    namespaceSelector: namespaceCalled("kube-system"),
    podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
  };
  return {
    to: [dns],
    ports: [
      { port: 53, protocol: "UDP" },
      { port: 53, protocol: "TCP" },
    ],
  };
}

/** Opens a port; for an outside target to any address, other namespaces included: a policy cannot name hosts. */
function peer(target: Target): Egress {
  const ports = [{ port: target.port, protocol: "TCP" }];
  return isInside(target)
    ? { to: [{ podSelector: { matchLabels: selector(target.host) } }], ports }
    : { ports };
}

/** Egress rules; a policy accepts an exception only inside its own range. */
function outside({ to, except }: PolicyContext["egress"]): Egress[] {
  const peers = to
    .filter((cidr) => !except.some((exception) => within(cidr, exception)))
    .map((cidr) => {
      const exceptions = except.filter((exception) => within(exception, cidr));
      return { ipBlock: { cidr, ...(exceptions.length > 0 && { except: exceptions }) } };
    });
  // A rule without peers would allow every peer.
  return peers.length > 0 ? [{ to: peers }] : [];
}

/** Allows the connections of one workload in both directions, and denies all others. */
export function policy(
  name: string,
  workload: Job & { readonly port?: number },
  around: PolicyContext,
): Policy {
  const { port, reaches, outbound } = workload;
  const ports = [{ port: port ?? 0, protocol: "TCP" }];
  const reachers: Ingress = {
    from: [{ podSelector: { matchLabels: { [`reaches/${name}`]: "true" } } }],
    ports,
  };
  const world: Ingress[] =
    around.ingressNamespace === undefined
      ? []
      : [{ from: [{ namespaceSelector: namespaceCalled(around.ingressNamespace) }], ports }];
  const talks = reaches.length > 0 || outbound;
  return {
    podSelector: { matchLabels: selector(name) },
    policyTypes: ["Ingress", "Egress"],
    ingress: port === undefined ? [] : [reachers, ...world],
    egress: [...(talks ? [names()] : []), ...reaches.map(peer), ...(outbound ? outside(around.egress) : [])],
  };
}

/** Applies to pods that no other policy selects. */
export const denyAll: Policy = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

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
