import assert from "node:assert/strict";
import { test } from "node:test";
import { cluster } from "../../cluster.ts";
import { allOf, declared, type Plain, podsOf, specOf } from "./objects.ts";

const ingress = {
  class: "nginx",
  namespace: "ingress-nginx",
  webserver: "airflow.example.com",
  tlsSecret: "airflow-tls",
};

const backend = (name: string) => ({ service: { name, port: { name: "main" } } });
const ofController = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } },
};

function variables(objects: Map<string, Plain>, name: string): Plain {
  const [, , pod] = podsOf(objects).find(([one]) => one === name) ?? assert.fail(name);
  const [{ env } = { env: [] }] = pod.containers as { env: { name: string; value: string }[] }[];
  return Object.fromEntries(env.map((variable) => [variable.name, variable.value]));
}

/** Lists the sources that the policy of a workload admits, besides workloads of the stack. */
function admitted(objects: Map<string, Plain>, name: string): unknown[] {
  return (specOf(objects, `NetworkPolicy ${name}`).ingress as Plain[]).slice(1).map(({ from }) => from);
}

test("an ingress leads only to the webserver, and only its controller may reach the webserver", async () => {
  const objects = await declared({ kubernetes: { ingress } });
  assert.deepEqual([...allOf(objects, "Ingress").keys()], ["webserver"]);
  assert.deepEqual(specOf(objects, "Ingress webserver"), {
    ingressClassName: "nginx",
    tls: [{ hosts: ["airflow.example.com"], secretName: "airflow-tls" }],
    rules: [
      {
        host: "airflow.example.com",
        http: { paths: [{ path: "/", pathType: "Prefix", backend: backend("webserver") }] },
      },
    ],
  });
  assert.deepEqual(admitted(objects, "webserver"), [[ofController]]);
  assert.deepEqual(admitted(objects, "flower"), []);
});

test("one certificate serves the hosts of all Ingresses, and the controller reaches cert-manager's solvers", async () => {
  const published = {
    ...ingress,
    webserver: "tools.example.com/airflow",
    flower: "tools.example.com/flower",
    monitoring: "series.example.com",
  };
  const config = { monitoring: {}, images: { ...cluster.images, monitoring: "r/monitoring:1" } };
  const objects = await declared({ ...config, kubernetes: { ingress: published } });
  const tls = [{ hosts: ["tools.example.com", "series.example.com"], secretName: "airflow-tls" }];
  for (const name of ["webserver", "flower", "monitoring"])
    assert.deepEqual(specOf(objects, `Ingress ${name}`).tls, tls, name);
  assert.deepEqual(specOf(objects, "NetworkPolicy acme-solvers"), {
    podSelector: { matchLabels: { "acme.cert-manager.io/http01-solver": "true" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [ofController], ports: [{ port: 8089, protocol: "TCP" }] }],
  });
  const { tlsSecret: _, ...plain } = ingress;
  assert.ok(!(await declared({ kubernetes: { ingress: plain } })).has("NetworkPolicy acme-solvers"));
});

test("behind an ingress the webserver takes client and scheme from the proxy's headers", async () => {
  const env = variables(await declared({ kubernetes: { ingress } }), "webserver");
  assert.equal(env.FORWARDED_ALLOW_IPS, "*");
  assert.equal(env.AIRFLOW__API__BASE_URL, "https://airflow.example.com");
  assert.equal(variables(await declared({}), "webserver").FORWARDED_ALLOW_IPS, undefined);
});

test("an ingress of an external load balancer has annotations and no TLS Secret, and admits addresses", async () => {
  const annotations = { "alb.ingress.kubernetes.io/target-type": "ip" };
  const from = ["10.0.0.0/16", "10.1.0.0/16"];
  const alb = { class: "alb", from, webserver: "airflow.example.com", annotations };
  const objects = await declared({ kubernetes: { ingress: alb } });
  const { metadata, spec } = objects.get("Ingress webserver") as { metadata: Plain; spec: Plain };
  assert.deepEqual(metadata.annotations, {
    ...annotations,
    "pulumi.com/patchForce": "true",
    "pulumi.com/skipAwait": "true",
  });
  assert.equal(spec.tls, undefined);
  assert.deepEqual(
    admitted(objects, "webserver"),
    from.map((cidr) => [{ ipBlock: { cidr } }]),
  );
  // A load balancer may add to a header that a client has sent: only its own entry counts.
  assert.equal(variables(objects, "webserver").FORWARDED_ALLOW_IPS, from.join());
  const both = await declared({ kubernetes: { ingress: { ...alb, namespace: "ingress-nginx" } } });
  assert.equal(variables(both, "webserver").FORWARDED_ALLOW_IPS, "*");
});

test("webserver and Flower share a host by their paths", async () => {
  const shared = { ...ingress, webserver: "tools.example.com/airflow", flower: "tools.example.com/flower" };
  const objects = await declared({ kubernetes: { ingress: shared } });
  for (const name of ["webserver", "flower"]) {
    const path = name === "webserver" ? "/airflow" : "/flower";
    assert.deepEqual(specOf(objects, `Ingress ${name}`).rules, [
      {
        host: "tools.example.com",
        http: { paths: [{ path, pathType: "Prefix", backend: backend(name) }] },
      },
    ]);
  }
  assert.equal(variables(objects, "webserver").AIRFLOW__API__BASE_URL, "https://tools.example.com/airflow");
  assert.equal(variables(objects, "flower").FLOWER_URL_PREFIX, "/flower");
  assert.match(
    JSON.stringify(specOf(objects, "Deployment flower")),
    /127\.0\.0\.1:5555\/flower\/healthcheck/,
  );
  assert.equal(variables(await declared({ kubernetes: { ingress } }), "flower").FLOWER_URL_PREFIX, undefined);
});

test("a Gateway gets HTTPRoutes instead of Ingresses", async () => {
  const { class: _, tlsSecret: __, ...rest } = ingress;
  const gateway = { name: "public", namespace: "gateways", listener: "https" };
  const annotations = { "example.com/owner": "data" };
  const objects = await declared({
    kubernetes: { ingress: { ...rest, gateway, flower: "flower.example.com", annotations } },
  });
  assert.deepEqual([...allOf(objects, "Ingress").keys()], []);
  const route = objects.get("HTTPRoute webserver") as Plain;
  assert.equal(route.apiVersion, "gateway.networking.k8s.io/v1");
  assert.deepEqual((route.metadata as Plain).annotations, {
    ...annotations,
    "pulumi.com/patchForce": "true",
    "pulumi.com/skipAwait": "true",
  });
  assert.deepEqual(route.spec, {
    parentRefs: [{ name: "public", namespace: "gateways", sectionName: "https" }],
    hostnames: ["airflow.example.com"],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        backendRefs: [{ name: "webserver", port: 8080 }],
      },
    ],
  });
  assert.ok(objects.has("HTTPRoute flower"));
  assert.deepEqual(admitted(objects, "flower"), [[ofController]]);
});
