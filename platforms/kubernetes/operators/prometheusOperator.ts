import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Metrics } from "../../../workload.ts";
import type { Metadata } from "../metadata.ts";
import { selector } from "../pod.ts";
import { withDefinitions } from "./definition.ts";

const apiVersion = "monitoring.coreos.com/v1";

/** Limits each series of an expression to one namespace: an operator's Prometheus has those of all stacks. */
export function inNamespace(expr: string, namespace: string): string {
  const matcher = `namespace="${namespace}"`;
  return expr.replace(/\b(airflow_\w+|up)(?:\{([^}]*)\})?/g, (_, series: string, others?: string) => {
    return `${series}{${others === undefined ? matcher : `${others},${matcher}`}}`;
  });
}

/** Lets the Prometheus of an operator collect the series of a service, and raise the alerts about them. */
export function observe(
  name: string,
  { job, rules }: Metrics,
  metadata: Metadata & { readonly namespace: string },
  options: pulumi.CustomResourceOptions,
): void {
  const opts = withDefinitions(
    "kubernetes.prometheusOperator-needs-the-operator-in-the-cluster",
    ["servicemonitors.monitoring.coreos.com", "prometheusrules.monitoring.coreos.com"],
    options,
  );
  new k8s.apiextensions.CustomResource(
    `${name}-series`,
    {
      apiVersion,
      kind: "ServiceMonitor",
      metadata,
      spec: {
        selector: { matchLabels: selector(name) },
        endpoints: [
          { port: "main", interval: "15s", relabelings: [{ targetLabel: "job", replacement: job }] },
        ],
      },
    },
    opts,
  );
  const scoped = rules.map((rule) => ({ ...rule, expr: inNamespace(rule.expr, metadata.namespace) }));
  new k8s.apiextensions.CustomResource(
    `${name}-alerts`,
    { apiVersion, kind: "PrometheusRule", metadata, spec: { groups: [{ name: job, rules: scoped }] } },
    opts,
  );
}
