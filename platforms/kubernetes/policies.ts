import type { types } from "@pulumi/kubernetes";
import { within } from "../../settings/model/addresses.ts";
import { type Endpoint, isInside, type Job, type Target } from "../../workload.ts";
import { selector } from "./pod.ts";

type Policy = types.input.networking.v1.NetworkPolicySpec;
type Ingress = types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = types.input.networking.v1.NetworkPolicyEgressRule;

/** What lies outside the stack. */
export interface PolicyContext {
  /** Addresses that workloads with `outbound` may open connections to. */
  readonly egress: { readonly to: readonly string[]; readonly except: readonly string[] };
  /** Namespace of the ingress controller, where one publishes this workload. */
  readonly ingressNamespace?: string | undefined;
}

/** Labels that let a pod reach what its workload says that it reaches. */
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

/** A policy knows addresses only, and what is outside may have any, of a pod of another namespace too: its port is open. */
function peer(target: Target): Egress {
  const ports = [{ port: target.port, protocol: "TCP" }];
  return isInside(target)
    ? { to: [{ podSelector: { matchLabels: selector(target.host) } }], ports }
    : { ports };
}

/** Of an exception a policy takes only what lies within its range. */
function outside({ to, except }: PolicyContext["egress"]): Egress[] {
  const peers = to
    .filter((cidr) => !except.some((exception) => within(cidr, exception)))
    .map((cidr) => {
      const exceptions = except.filter((exception) => within(exception, cidr));
      return { ipBlock: { cidr, ...(exceptions.length > 0 && { except: exceptions }) } };
    });
  // A rule without peers would allow all of them.
  return peers.length > 0 ? [{ to: peers }] : [];
}

/** The edges of one workload, both ways; whatever is not listed is denied. */
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

/** What holds for pods that no other policy speaks of. */
export const denyAll: Policy = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

/** Lets another namespace reach a service. */
export function admission(namespace: string, { host, port }: Endpoint): Policy {
  return {
    podSelector: { matchLabels: selector(host) },
    policyTypes: ["Ingress"],
    ingress: [
      { from: [{ namespaceSelector: namespaceCalled(namespace) }], ports: [{ port, protocol: "TCP" }] },
    ],
  };
}
