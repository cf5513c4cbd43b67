import type { z } from "zod";
import { annotations, cidr, clusterLabel, clusterName, hostAndPath, list, object } from "../values.ts";

const gateway = object({
  name: clusterName.describe("Name of the Gateway."),
  namespace: clusterLabel.describe("Namespace of the Gateway."),
  listener: clusterName.optional().describe("Name of its listener for TLS; default: all listeners."),
});

/** How people reach the webserver and Flower in a cluster. */
export const ingress = object({
  class: clusterName.optional().describe("Ingress class."),
  gateway: gateway
    .optional()
    .describe(
      "Gateway of the Gateway API, instead of `class`: HTTPRoutes are attached to it, and it has the certificate: `{ name: public, namespace: gateways, listener: https }`.",
    ),
  namespace: clusterLabel
    .optional()
    .describe("Namespace of the pods of the ingress controller or the Gateway, which are let in."),
  from: list(cidr, "ranges of addresses")
    .default([])
    .describe(
      "Addresses of load balancers outside the cluster, which are let in: `[10.0.0.0/16]` for an ALB of AWS.",
    ),
  webserver: hostAndPath.describe(
    "Host name of the webserver, and in Airflow 3 a path if others share the host: `tools.example.com/airflow`.",
  ),
  flower: hostAndPath
    .optional()
    .describe(
      "Host name of Flower, and a path if others share it; default: not exposed, or with `login` below the webserver.",
    ),
  monitoring: hostAndPath
    .optional()
    .describe(
      "Host name of the monitoring, and a path if others share it; without it the monitoring is not exposed.",
    ),
  tlsSecret: clusterName
    .optional()
    .describe(
      "A Secret of type kubernetes.io/tls in the stack's namespace, for `class`; default: the controller's own certificate.",
    ),
  annotations: annotations
    .default({})
    .describe(
      "Annotations of the Ingresses or HTTPRoutes: `{ nginx.ingress.kubernetes.io/proxy-read-timeout: '300' }`.",
    ),
});

export type IngressSettings = z.output<typeof ingress>;
