import { capabilities } from "../../../capabilities.ts";
import { roles } from "../../../roles.ts";
import { isNoHost } from "../../model/addresses.ts";
import { groupParts } from "../../model/groups.ts";
import { composedNames, groupServices } from "../../model/names/composedNames.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Namespaces that clusters and well-known operators reserve for themselves. */
const foreignNamespaces =
  /^(default|kube-.*|openshift(-.*)?|.*-system|keda|ingress-nginx|cert-manager|argocd|monitoring)$/;

/** Rejects namespaces of others: in its namespace the stack denies all connections that it does not need. */
const namespace = rule(
  [
    "kubernetes.namespace",
    "kubernetes.kedaNamespace",
    "kubernetes.ingress.namespace",
    "kubernetes.prometheusOperator.namespace",
  ],
  ({ kubernetes }) => {
    const { namespace: given, kedaNamespace, ingress, prometheusOperator } = kubernetes ?? {};
    if (given === undefined) return [];
    const others = [kedaNamespace, ingress?.namespace, prometheusOperator?.namespace];
    if (!foreignNamespaces.test(given) && !others.includes(given)) return [];
    const message =
      "it belongs to others, and the stack would deny their pods all connections: expected a namespace for the stack alone, such as airflow";
    return [{ path: ["kubernetes", "namespace"], message }];
  },
);

const services = [
  ...roles,
  "postgres",
  "redis",
  "pgbouncer",
  "gateway",
  "entrance",
  "backup",
  "monitoring",
  "exporter",
];
/** Names of the stack's own workloads besides groups of workers. */
const workloads = new RegExp(`^(${services.join("|")})(-\\d+)?$`);
const loopback = /^((.+\.)?localhost(\.localdomain)?|ip6-(localhost|loopback)|broadcasthost)$/;
const inCluster = /(^|\.)(svc|cluster\.local|kubernetes|kubernetes\.default)$/;

/** Rejects host names that containers resolve already, and addresses that no other host can have. */
const hosts = rule(["extraHosts.*", "platform"], ({ extraHosts, platform }) =>
  Object.entries(extraHosts).flatMap(([host, address]) =>
    faultAt(["extraHosts", host], hostProblem(host, address, capabilities[platform].nodes)),
  ),
);

/** Explains what is wrong with the name or the address of an extra host; undefined if nothing is. */
function hostProblem(host: string, address: string, hasCluster: boolean): string | undefined {
  if (workloads.test(host))
    return "a service of the stack has this name: expected the name of a host outside it";
  if (loopback.test(host))
    return "every container resolves it to itself: expected the name of a host outside the stack";
  if (hasCluster && inCluster.test(host))
    return "the cluster resolves such names itself: expected the name of a host outside it";
  return isNoHost(address)
    ? "no host outside the stack has such an address: expected the address of one"
    : undefined;
}

const numberedHosts = rule(["extraHosts.*", ...groupParts], (parsed) => {
  const units = new Map(
    groupServices(parsed).flatMap((service) =>
      composedNames(service).map(({ name }) => [name, service.unit] as const),
    ),
  );
  return Object.keys(parsed.extraHosts)
    .filter((host) => units.has(host) && !workloads.test(host))
    .map((host) => ({
      path: ["extraHosts", host],
      message: `${units.get(host)}s of the stack have this name: expected the name of a host outside it`,
    }));
});

export const foreignRules = [namespace, hosts, numberedHosts];
