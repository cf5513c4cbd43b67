import { clusterLabel, labels, object } from "../values.ts";

/** A Prometheus of the cluster that an operator configures. */
export const prometheusOperator = object({
  namespace: clusterLabel.describe("Namespace of the operator's Prometheus, which may collect series."),
  labels: labels
    .default({})
    .describe(
      "Labels by which the operator finds a ServiceMonitor and a PrometheusRule: `{ release: kube-prometheus-stack }`.",
    ),
});
