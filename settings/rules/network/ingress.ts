import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

function ingressFault(key: string, message: string | undefined) {
  return faultAt(["kubernetes", "ingress", key], message);
}

const controller = rule(
  ["kubernetes.ingress.class", "kubernetes.ingress.gateway"],
  ({ kubernetes: { ingress } = {} }) => {
    if (!ingress || (ingress.class === undefined) !== (ingress.gateway === undefined)) return [];
    return ingress.gateway === undefined
      ? ingressFault("class", "expected the class of an ingress controller, or a gateway")
      : ingressFault("gateway", "expected either class or gateway");
  },
);

const certificate = rule(
  ["kubernetes.ingress.gateway", "kubernetes.ingress.tlsSecret"],
  ({ kubernetes: { ingress } = {} }) =>
    ingress?.gateway !== undefined && ingress.tlsSecret !== undefined
      ? ingressFault("tlsSecret", "the Gateway has the certificate: expected either gateway or tlsSecret")
      : [],
);

const admitted = rule(
  ["kubernetes.ingress.namespace", "kubernetes.ingress.from"],
  ({ kubernetes: { ingress } = {} }) =>
    ingress && ingress.namespace === undefined && ingress.from.length === 0
      ? ingressFault("namespace", "expected the namespace whose pods are let in, or addresses in from")
      : [],
);

const path = rule(["version", "kubernetes.ingress.webserver"], ({ version, kubernetes: { ingress } = {} }) =>
  version.startsWith("2.") && ingress?.webserver.includes("/")
    ? ingressFault(
        "webserver",
        "Airflow 2 with a path answers only below it: expected a host name of its own",
      )
    : [],
);

const hosts = rule(
  ["kubernetes.ingress.webserver", "kubernetes.ingress.flower", "kubernetes.ingress.monitoring"],
  ({ kubernetes: { ingress } = {} }) => {
    const { webserver, flower, monitoring } = ingress ?? {};
    const elsewhere = "expected another host name, or a path";
    return [
      ...ingressFault(
        "flower",
        flower && flower === webserver ? `the webserver has this address: ${elsewhere}` : undefined,
      ),
      ...ingressFault(
        "monitoring",
        monitoring && [webserver, flower].includes(monitoring)
          ? `${monitoring === webserver ? "the webserver" : "Flower"} has this address: ${elsewhere}`
          : undefined,
      ),
    ];
  },
);

export const ingressRules = [controller, certificate, admitted, path, hosts];
