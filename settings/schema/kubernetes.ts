import { z } from "zod";
import { hostName, labels, list, matching, name, object } from "./values.ts";

const size = matching(/^[1-9]\d{0,5}(Mi|Gi|Ti)$/, "expected a size with its unit: 500Mi, 10Gi, 1Ti");
const cidr = matching(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, "expected a range of addresses: 203.0.113.0/24");

/** All addresses except private networks, and the address at which clouds hand out credentials. */
const internet = {
  to: ["0.0.0.0/0"],
  except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
};

const storage = object({
  class: name.optional().describe("Storage class of volumes that one pod writes; default: the cluster's."),
  sharedClass: name
    .optional()
    .describe(
      "Storage class of volumes that pods on many nodes write (ReadWriteMany); default: the cluster's.",
    ),
  postgres: size.default("10Gi").describe("Size of the database's volume."),
  redis: size.default("2Gi").describe("Size of the broker's volume, for its log."),
  logs: size
    .default("10Gi")
    .describe(
      "Size of the volume for task logs; there is none with remote logging, `settings: { logging: { remote_logging: true, … } }`.",
    ),
  data: size.default("10Gi").describe("Size of the volume that tasks write to, at /opt/airflow/data."),
  volumes: size
    .default("10Gi")
    .describe("Size of each volume that `roles` name; many nodes may write to it."),
});

const ingress = object({
  class: name.describe("Ingress class."),
  namespace: name.describe("Namespace of the ingress controller; only its pods are let in."),
  webserver: hostName.describe("Host name of the webserver."),
  flower: hostName.optional().describe("Host name of Flower; without it Flower is not exposed."),
  tlsSecret: name.describe("A Secret of type kubernetes.io/tls in the stack's namespace."),
});

export const kubernetes = object({
  context: z.string().optional().describe("Context of the kubeconfig; default: the current one."),
  namespace: name
    .optional()
    .describe("Namespace, created and labelled by the stack; default: `airflow-STACK`."),
  pullSecrets: list(name, "names of Secrets")
    .default([])
    .describe("Secrets with registry logins, in the namespace."),
  storage: storage.prefault({}).describe("Sizes and storage classes of volumes."),
  ingress: ingress
    .optional()
    .describe(
      "Exposes the webserver, and Flower; without it nothing is exposed. Flower's `/metrics` and `/healthcheck` ask for no login: publish Flower only where that is fine.",
    ),
  egress: object({
    to: list(cidr, "ranges of addresses").describe("Allowed ranges."),
    except: list(cidr, "ranges of addresses")
      .default([])
      .describe("Ranges within `to` that are not allowed."),
  })
    .default(internet)
    .describe(
      "Addresses that tasks may reach outside the stack: `{ to: [0.0.0.0/0], except: [169.254.0.0/16] }`; default: the internet, but no private network.",
    ),
  kedaNamespace: name
    .default("keda")
    .describe("Namespace of KEDA, which is let in to Postgres to count tasks if workers are autoscaled."),
  controlLabels: labels.default({}).describe("Labels of the nodes that run everything but workers."),
});

export type KubernetesSettings = z.output<typeof kubernetes>;

/** Settings of a stack that says nothing about its cluster. */
export const kubernetesDefaults = kubernetes.parse({});
