import { capabilities } from "../../../capabilities.ts";
import { roles } from "../../../roles.ts";
import { groupParts } from "../../model/groups.ts";
import { namesOf, workerServices } from "../../model/names/composedNames.ts";
import type { Fault } from "../fault.ts";
import { rule } from "../rule.ts";

/** Namespaces that a cluster, or a well-known part of one, has for itself. */
const foreignNamespaces =
  /^(default|kube-.*|openshift(-.*)?|.*-system|keda|ingress-nginx|cert-manager|argocd|monitoring)$/;

/** Rejects the namespace of somebody else: the stack denies all connections in its own that it does not need. */
const namespace = rule(
  ["kubernetes.namespace", "kubernetes.kedaNamespace", "kubernetes.ingress.namespace"],
  ({ kubernetes }): Fault[] => {
    const { namespace: given, kedaNamespace, ingress } = kubernetes ?? {};
    if (given === undefined) return [];
    const others = [kedaNamespace, ingress?.namespace];
    if (!foreignNamespaces.test(given) && !others.includes(given)) return [];
    const message =
      "it belongs to others, and the stack would deny their pods all connections: expected a namespace of its own, such as airflow";
    return [{ path: ["kubernetes", "namespace"], message }];
  },
);

const services = [...roles, "postgres", "redis", "pgbouncer", "gateway", "entrance", "backup"];
/** Names of the stack's own workloads besides groups of workers. */
const workloads = new RegExp(`^(${services.join("|")})(-\\d+)?$`);
const loopback = /^((.+\.)?localhost(\.localdomain)?|ip6-(localhost|loopback)|broadcasthost)$/;
const inCluster = /(^|\.)(svc|cluster\.local|kubernetes|kubernetes\.default)$/;

/** Rejects host names that already lead somewhere in a container, and addresses that lead nowhere. */
const hosts = rule(["extraHosts.*", "platform"], ({ extraHosts, platform }) =>
  Object.entries(extraHosts).flatMap(([host, address]): Fault[] => {
    const path = ["extraHosts", host];
    if (workloads.test(host)) {
      return [
        { path, message: "a service of the stack has this name: expected the name of a host outside it" },
      ];
    }
    if (loopback.test(host)) {
      return [
        { path, message: "it is each container itself: expected the name of a host outside the stack" },
      ];
    }
    if (capabilities[platform].nodes && inCluster.test(host)) {
      return [
        { path, message: "the cluster's own names lead there: expected the name of a host outside it" },
      ];
    }
    if (!/^(0|127|22[4-9]|2[3-5]\d)\./.test(address)) return [];
    return [{ path, message: "no other host has this address: expected that of a host outside the stack" }];
  }),
);

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

export const foreignRules = [namespace, hosts, workerHosts];
