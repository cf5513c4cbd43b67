import assert from "node:assert/strict";
import { test } from "node:test";
import { alertRules } from "../../../../components/monitoring/alerts.ts";
import { families } from "../../../../components/monitoring/families.ts";
import { inNamespace } from "../../../../platforms/kubernetes/operators/prometheusOperator.ts";
import { selector } from "../../../../platforms/kubernetes/pod.ts";
import { cluster } from "../../cluster.ts";
import { declare } from "../../mocks.ts";
import { settingsFor } from "../../settingsFrom.ts";
import type { Plain } from "./objects.ts";

const settings = {
  ...cluster,
  images: { ...cluster.images, monitoring: "r/monitoring:1" },
  monitoring: { retention: "7d", alerts: { webhook: "https://hooks.example.com/key" } },
};
const prometheusOperator = { namespace: "prometheus", labels: { release: "main" } };
const namespace = "airflow-unit";

async function declared(kubernetes: Plain) {
  const resources = await declare({ ...settings, kubernetes: { namespace, ...kubernetes } });
  return (type: RegExp, name: string) =>
    resources.find((each) => type.test(each.type) && each.name === name)?.inputs as Plain | undefined;
}

test("an operator's Prometheus collects from the exporter, and no other client may connect", async () => {
  const find = await declared({ prometheusOperator });
  const service = find(/:Service$/, "exporter") as { metadata: { labels: Plain }; spec: { ports: Plain[] } };
  const monitor = find(/:ServiceMonitor$/, "exporter-series") as { metadata: Plain; spec: Plain };
  const { labels } = monitor.metadata as { labels: Plain };
  assert.equal(labels.release, "main");
  assert.deepEqual(monitor.spec, {
    selector: { matchLabels: selector("exporter") },
    endpoints: [
      { port: "main", interval: "15s", relabelings: [{ targetLabel: "job", replacement: "airflow" }] },
    ],
  });
  for (const [label, value] of Object.entries(selector("exporter")))
    assert.equal(service.metadata.labels[label], value);
  assert.equal(service.spec.ports[0]?.name, "main");
  assert.deepEqual(find(/:NetworkPolicy$/, "exporter-series")?.spec, {
    podSelector: { matchLabels: selector("exporter") },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "prometheus" } } }],
        ports: [{ port: 9464, protocol: "TCP" }],
      },
    ],
  });
});

test("objects of operators wait for the definitions of all kinds that are made", async () => {
  const definition = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
  const looked: string[] = [];
  const making = async (type: string, name: string) => {
    if (type === definition) looked.push(name);
  };
  const group = { name: "extra", queues: ["extra"], autoscale: { min: 0, max: 2 } };
  const config = {
    ...settings,
    workers: 0,
    workerGroups: [group],
    kubernetes: { namespace, prometheusOperator, kedaNamespace: "keda" },
  };
  const resources = await declare(config, 0, {}, { making });
  const keda = "autoscale-of-worker-extra-needs-KEDA-in-the-cluster";
  const operator = "kubernetes.prometheusOperator-needs-the-operator-in-the-cluster";
  const needs = {
    ScaledObject: [keda, `${keda}-with-triggerauthentications`],
    TriggerAuthentication: [keda, `${keda}-with-triggerauthentications`],
    ServiceMonitor: [operator, `${operator}-with-prometheusrules`],
    PrometheusRule: [operator, `${operator}-with-prometheusrules`],
  };
  assert.deepEqual(looked.sort(), [...new Set(Object.values(needs).flat())].sort());
  for (const [kind, names] of Object.entries(needs)) {
    const made = resources.find(({ type }) => type.endsWith(`:${kind}`));
    const awaited = made?.registered.dependencies.filter((urn) => urn.includes(definition)) ?? [];
    assert.deepEqual(awaited.map((urn) => urn.split("::").at(-1)).sort(), names, kind);
  }
});

test("an operator's Prometheus gets the stack's alerts, about series of the stack's namespace alone", async () => {
  const find = await declared({ prometheusOperator });
  const { metadata, spec } = find(/:PrometheusRule$/, "exporter-alerts") as {
    metadata: { labels: Plain };
    spec: { groups: { rules: { alert: string; expr: string }[] }[] };
  };
  assert.equal(metadata.labels.release, "main");
  const rules = spec.groups.flatMap((group) => group.rules);
  assert.deepEqual(
    rules.map(({ alert }) => alert),
    alertRules(settingsFor(cluster)).map(({ alert }) => alert),
  );
  for (const { alert, expr } of rules) {
    const series = expr.match(/\b(airflow_\w+|up)\b(\{[^}]*\})?/g) ?? [];
    assert.ok(series.length > 0, alert);
    for (const each of series) assert.match(each, /namespace="airflow-unit"\}$/, alert);
  }
  const silent = rules.find(({ alert }) => alert === "SourceSilent");
  assert.match(silent?.expr ?? "", / or absent\(up\{job="airflow",namespace="airflow-unit"\}\)$/);
});

test("a matcher for the namespace is added to every series of an expression", () => {
  assert.equal(
    inNamespace('airflow_source_up == 0 or up{job="airflow"} == 0', "a"),
    'airflow_source_up{namespace="a"} == 0 or up{job="airflow",namespace="a"} == 0',
  );
  for (const name of Object.keys(families)) assert.equal(inNamespace(name, "a"), `${name}{namespace="a"}`);
});

test("a cluster without prometheusOperator gets no object of the operator", async () => {
  const find = await declared({});
  assert.equal(find(/:ServiceMonitor$/, "exporter-series"), undefined);
  assert.equal(find(/:PrometheusRule$/, "exporter-alerts"), undefined);
  assert.equal(find(/:NetworkPolicy$/, "exporter-series"), undefined);
});
