import type { z } from "zod";
import { podOperator, priority, serviceAccount } from "./cluster/access.ts";
import { ingress } from "./cluster/exposure.ts";
import { prometheusOperator } from "./cluster/prometheusOperator.ts";
import {
  cidr,
  clusterLabel,
  clusterName,
  flag,
  labels,
  list,
  matching,
  object,
  oneOf,
  text,
} from "./values.ts";

const size = matching(/^[1-9]\d{0,5}(Mi|Gi|Ti)$/, "expected a size with its unit: 500Mi, 10Gi, 1Ti");

/** All addresses but private networks and link-local ones, at which clouds hand out credentials. */
export const internet = {
  to: ["0.0.0.0/0"],
  except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
};

const storage = object({
  class: clusterName
    .optional()
    .describe("Storage class of volumes that one pod writes; default: the cluster's."),
  sharedClass: clusterName
    .optional()
    .describe(
      "Storage class of volumes that pods on many nodes write (ReadWriteMany); default: the cluster's.",
    ),
  sharedAccess: oneOf("ReadWriteMany", "ReadWriteOnce")
    .default("ReadWriteMany")
    .describe(
      "Access to volumes that several pods write; with `ReadWriteOnce` all these pods have to run on one node.",
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
    .describe(
      "Size of each further volume: that of the backups, that of the monitoring, and those that `roles` name, to which many nodes may write.",
    ),
});

export const kubernetes = object({
  context: text.optional().describe("Context of the kubeconfig; default: the current one."),
  namespace: clusterLabel
    .optional()
    .describe("Namespace, created and labelled by the stack; default: `airflow-STACK`."),
  createNamespace: flag
    .default(true)
    .describe(
      "Creates, labels and removes the namespace; `false` uses an existing one, and needs no rights outside of it, but those of `podOperator` and `priority`, and with autoscaling or `prometheusOperator` the right to get CustomResourceDefinitions.",
    ),
  pullSecrets: list(clusterName, "names of Secrets")
    .default([])
    .describe("Secrets with registry logins, in the namespace."),
  storage: storage.prefault({}).describe("Sizes and storage classes of volumes."),
  ingress: ingress
    .optional()
    .describe(
      "Exposes the webserver, and Flower and the monitoring if they have a host; without it nothing is exposed. Flower's `/metrics` and `/healthcheck` ask for no login: publish Flower only where that is fine.",
    ),
  egress: object({
    to: list(cidr, "ranges of addresses").describe("Allowed ranges."),
    except: list(cidr, "ranges of addresses")
      .default([])
      .describe("Ranges within `to` that are not allowed."),
  })
    .default(internet)
    .describe(
      "Addresses outside the stack that tasks, triggers, callbacks of DAGs, logins and the monitoring may reach: `{ to: [0.0.0.0/0], except: [169.254.0.0/16] }`; default: the internet, but no private network.",
    ),
  dns: list(cidr, "ranges of addresses")
    .default([])
    .describe(
      "Further name servers, at port 53: `[10.96.0.10/32]`; kube-dns, CoreDNS, link-local addresses and the name servers of OpenShift are always allowed.",
    ),
  kedaNamespace: clusterLabel
    .default("keda")
    .describe("Namespace of KEDA, which may reach Postgres to count tasks if workers are autoscaled."),
  prometheusOperator: prometheusOperator
    .optional()
    .describe(
      "Makes a ServiceMonitor and a PrometheusRule for the Prometheus Operator of the cluster, beside `monitoring`: `{ namespace: monitoring, labels: { release: prometheus } }`.",
    ),
  nodeLabels: labels
    .default({})
    .describe("Labels of the nodes that run all pods of the stack: `{ kubernetes.io/arch: amd64 }`."),
  controlLabels: labels
    .default({})
    .describe("Labels of the nodes that run everything but workers, besides `nodeLabels`."),
  zones: flag
    .default(false)
    .describe("Spreads instances over zones, by the label topology.kubernetes.io/zone of the nodes."),
  priority: priority
    .optional()
    .describe(
      "Makes two PriorityClasses, which needs rights on the whole cluster: `{ control: 0, tasks: -1000 }`; default: none.",
    ),
  userIds: oneOf("image", "cluster")
    .default("image")
    .describe(
      "User ids of pods: those of the images, or with `cluster` those that the cluster assigns, as OpenShift does, which needs an external Postgres.",
    ),
  serviceAccount: serviceAccount.prefault({}).describe("ServiceAccount of the stack's pods."),
  podOperator: podOperator
    .optional()
    .describe(
      "Lets tasks start pods (KubernetesPodOperator), by an API token for workers and deferred tasks: `{ namespace: airflow-tasks, apiServer: [10.0.0.4:6443] }`.",
    ),
});

export type KubernetesSettings = z.output<typeof kubernetes>;

/** Defaults of a stack without the key `kubernetes`. */
export const kubernetesDefaults = kubernetes.parse({});
