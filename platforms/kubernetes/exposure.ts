import type * as k8s from "@pulumi/kubernetes";
import type { Service, Volume } from "../../workload.ts";
import { selector } from "./pod.ts";

/** Place of a workload in an ingress. */
interface Published {
  readonly class: string;
  readonly host: string;
  readonly tlsSecret: string;
}

function isExclusive(volume: Volume): boolean {
  return volume.kind === "data" && volume.sharing === "exclusive";
}

/** Instances without data of their own are called by instance name; a service with data keeps one address. */
export function serviceSpec(
  name: string,
  { stateful, volumes = {} }: Service,
  port: number,
): k8s.types.input.core.v1.ServiceSpec {
  const byInstance = stateful && !Object.values(volumes).some(isExclusive);
  const ports = [{ name: "main", port, targetPort: port }];
  return { selector: selector(name), ports, ...(byInstance && { clusterIP: "None" }) };
}

export function ingressSpec(name: string, published: Published): k8s.types.input.networking.v1.IngressSpec {
  const { host, tlsSecret } = published;
  const backend = { service: { name, port: { name: "main" } } };
  return {
    ingressClassName: published.class,
    tls: [{ hosts: [host], secretName: tlsSecret }],
    rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
  };
}
