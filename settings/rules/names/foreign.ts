import { capabilities } from "../../../capabilities.ts";
import { roles } from "../../../roles.ts";
import { isNoHost } from "../../model/addresses.ts";
import { groupParts } from "../../model/groups.ts";
import { namesOf, workerServices } from "../../model/names/composedNames.ts";
import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

/** Namespaces that a cluster, or a well-known part of one, has for itself. */
const foreignNamespaces =
  /^(default|kube-.*|openshift(-.*)?|.*-system|keda|ingress-nginx|cert-manager|argocd|monitoring)$/;

/** Rejects the namespace of somebody else: the stack denies all connections in its own that it does not need. */
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
      "it belongs to others, and the stack would deny their pods all connections: expected a namespace of its own, such as airflow";
    return [{ path: ["kubernetes", "namespace"], message }];
  },
);

/** Rejects namespaces of the cluster for pods of tasks, which would read the Secrets there. */
const podNamespace = rule(["kubernetes.podOperator.namespace"], ({ kubernetes }) => {
  const { namespace: given } = kubernetes?.podOperator ?? {};
  if (given === undefined || !/^(kube-.*|openshift(-.*)?|.*-system)$/.test(given)) return [];
  const message =
    "it belongs to the cluster, and tasks could read all its Secrets: expected a namespace for tasks, such as airflow-tasks";
  return [{ path: ["kubernetes", "podOperator", "namespace"], message }];
});

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

/** Rejects host names that already lead somewhere in a container, and addresses that lead nowhere. */
const hosts = rule(["extraHosts.*", "platform"], ({ extraHosts, platform }) =>
  Object.entries(extraHosts).flatMap(([host, address]) =>
    faultAt(["extraHosts", host], hostFault(host, address, capabilities[platform].nodes)),
  ),
);

/** Says why a host cannot have a name and an address; undefined if it can. */
function hostFault(host: string, address: string, hasCluster: boolean): string | undefined {
  if (workloads.test(host))
    return "a service of the stack has this name: expected the name of a host outside it";
  if (loopback.test(host))
    return "it is each container itself: expected the name of a host outside the stack";
  if (hasCluster && inCluster.test(host))
    return "the cluster's own names lead there: expected the name of a host outside it";
  return isNoHost(address)
    ? "no other host has this address: expected that of a host outside the stack"
    : undefined;
}

const workerHosts = rule(["extraHosts.*", ...groupParts], (parsed) => {
  const names = new Set(
    workerServices(parsed)
      .flatMap(namesOf)
      .map(({ name }) => name),
  );
  return Object.keys(parsed.extraHosts)
    .filter((host) => names.has(host) && !workloads.test(host))
    .map((host) => ({
      path: ["extraHosts", host],
      message: "workers of the stack have this name: expected the name of a host outside it",
    }));
});

export const foreignRules = [namespace, podNamespace, hosts, workerHosts];
