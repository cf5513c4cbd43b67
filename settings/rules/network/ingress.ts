import { faultAt } from "../fault.ts";
import { rule } from "../rule.ts";

function at(key: string, message: string | undefined) {
  return faultAt(["kubernetes", "ingress", key], message);
}

const controller = rule(
  ["kubernetes.ingress.class", "kubernetes.ingress.gateway"],
  ({ kubernetes: { ingress } = {} }) => {
    if (!ingress || (ingress.class === undefined) !== (ingress.gateway === undefined)) return [];
    return ingress.gateway === undefined
      ? at("class", "expected the class of an ingress controller, or a gateway")
      : at("gateway", "expected either class or gateway");
  },
);

const certificate = rule(
  ["kubernetes.ingress.gateway", "kubernetes.ingress.tlsSecret"],
  ({ kubernetes: { ingress } = {} }) =>
    ingress?.gateway !== undefined && ingress.tlsSecret !== undefined
      ? at("tlsSecret", "the Gateway has the certificate: expected either gateway or tlsSecret")
      : [],
);

const sources = rule(
  ["kubernetes.ingress.namespace", "kubernetes.ingress.from"],
  ({ kubernetes: { ingress } = {} }) =>
    ingress && ingress.namespace === undefined && ingress.from.length === 0
      ? at("namespace", "expected the namespace whose pods are let in, or addresses in from")
      : [],
);

const path = rule(["version", "kubernetes.ingress.webserver"], ({ version, kubernetes: { ingress } = {} }) =>
  version.startsWith("2.") && ingress?.webserver.includes("/")
    ? at("webserver", "Airflow 2 with a path answers only below it: expected a host name of its own")
    : [],
);

const hosts = rule(
  ["kubernetes.ingress.webserver", "kubernetes.ingress.flower", "kubernetes.ingress.monitoring"],
  ({ kubernetes: { ingress } = {} }) => {
    const { webserver, flower, monitoring } = ingress ?? {};
    const elsewhere = "expected another host name, or a path";
    return [
      ...at(
        "flower",
        flower && flower === webserver ? `the webserver has this address: ${elsewhere}` : undefined,
      ),
      ...at(
        "monitoring",
        monitoring && [webserver, flower].includes(monitoring)
          ? `${monitoring === webserver ? "the webserver" : "Flower"} has this address: ${elsewhere}`
          : undefined,
      ),
    ];
  },
);

export const ingressRules = [controller, certificate, sources, path, hosts];
