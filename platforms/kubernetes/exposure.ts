import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { IngressSettings } from "../../settings/schema/cluster/exposure.ts";
import type { Service, Volume } from "../../workload.ts";
import type { Metadata } from "./metadata.ts";
import { selector } from "./pod.ts";

type Gateway = NonNullable<IngressSettings["gateway"]>;

function isExclusive(volume: Volume): boolean {
  return volume.kind === "data" && volume.sharing === "exclusive";
}

/** Renders a Service. Stateful instances without an exclusive volume are reached by their own names: it has no address. */
export function serviceSpec(
  name: string,
  { stateful, volumes = {} }: Service,
  port: number,
): k8s.types.input.core.v1.ServiceSpec {
  const byInstance = stateful && !Object.values(volumes).some(isExclusive);
  const ports = [{ name: "main", port, targetPort: port }];
  return { selector: selector(name), ports, ...(byInstance && { clusterIP: "None" }) };
}

/** Splits the address of a published workload, such as tools.example.com/airflow. */
function placeOf(address: string): { host: string; path: string } {
  const [host = ""] = address.split("/");
  return { host, path: address.slice(host.length) || "/" };
}

/** Lists the hosts of all Ingresses, which share a certificate: cert-manager makes it for the hosts of one of them. */
function hostsOf({ webserver, flower, monitoring }: IngressSettings): string[] {
  const addresses = [webserver, flower, monitoring].filter((address) => address !== undefined);
  return [...new Set(addresses.map((address) => placeOf(address).host))];
}

function ingressSpec(
  name: string,
  address: string,
  ingress: IngressSettings,
): k8s.types.input.networking.v1.IngressSpec {
  const { class: ingressClassName, tlsSecret: secretName } = ingress;
  const { host, path } = placeOf(address);
  const backend = { service: { name, port: { name: "main" } } };
  return {
    ...(ingressClassName !== undefined && { ingressClassName }),
    ...(secretName !== undefined && { tls: [{ hosts: hostsOf(ingress), secretName }] }),
    rules: [{ host, http: { paths: [{ path, pathType: "Prefix", backend }] } }],
  };
}

function routeSpec(name: string, address: string, gateway: Gateway, port: number) {
  const { host, path } = placeOf(address);
  const { name: gatewayName, namespace, listener } = gateway;
  return {
    parentRefs: [{ name: gatewayName, namespace, ...(listener !== undefined && { sectionName: listener }) }],
    hostnames: [host],
    rules: [{ matches: [{ path: { type: "PathPrefix", value: path } }], backendRefs: [{ name, port }] }],
  };
}

/** Leads people from the ingress controller or the Gateway to a workload. */
export function expose(
  name: string,
  { address, port, ingress }: { address: string; port: number; ingress: IngressSettings },
  { annotations, ...metadata }: Metadata,
  opts: pulumi.CustomResourceOptions,
): void {
  const { gateway } = ingress;
  const meta = { ...metadata, annotations: { ...ingress.annotations, ...annotations } };
  if (!gateway) {
    new k8s.networking.v1.Ingress(name, { metadata: meta, spec: ingressSpec(name, address, ingress) }, opts);
    return;
  }
  const kind = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" };
  const spec = routeSpec(name, address, gateway, port);
  new k8s.apiextensions.CustomResource(name, { ...kind, metadata: meta, spec }, opts);
}
