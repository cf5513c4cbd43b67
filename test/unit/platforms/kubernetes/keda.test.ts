import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connectionBudget } from "../../../../settings/model/connections.ts";
import { authorityOf, ecKey } from "../../certificates.ts";
import { cluster } from "../../cluster.ts";
import { declare } from "../../mocks.ts";
import { type Config, settingsFor } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import type { Plain } from "./objects.ts";

const folder = temporaryFolder("keda");
const ca = join(folder, "ca.pem");
writeFileSync(ca, await authorityOf(ecKey()));

const stack = { ...cluster, images: { ...cluster.images, pgbouncer: "r/pgbouncer:1" } };

/** Declares a stack; returns the resources of a group's autoscaling. */
async function scaling(config: Config, group = "worker") {
  const declared = await declare({ ...stack, ...config });
  const find = (type: RegExp, name: string) =>
    declared.find((each) => type.test(each.type) && each.name === name)?.inputs as Plain | undefined;
  return {
    scaled: find(/:ScaledObject$/, group)?.spec as Plain & { triggers: Plain[] },
    authentication: find(/:TriggerAuthentication$/, `${group}-keda`)?.spec,
    secret: find(/:Secret$/, `${group}-keda`)?.stringData as Plain,
    policy: find(/:NetworkPolicy$/, `${group}-keda`)?.spec,
    statefulSet: find(/:StatefulSet$/, group)?.spec as Plain,
  };
}

const parameters = ["connection", "host", "userName", "dbName"];
const count =
  "SELECT count(*) FROM task_instance WHERE state IN ('queued', 'running', 'restarting') AND queue IN";

test("KEDA sets the number of workers by the queued and running tasks of their queues, for each task slot", async () => {
  const group = { name: "gpu", queues: ["gpu", "big"], concurrency: 2, autoscale: { min: 0, max: 3 } };
  const { scaled, authentication, statefulSet } = await scaling({ workerGroups: [group] }, "worker-gpu");
  assert.equal(statefulSet.replicas, undefined);
  assert.deepEqual(scaled, {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name: "worker-gpu" },
    minReplicaCount: 0,
    maxReplicaCount: 3,
    pollingInterval: 10,
    cooldownPeriod: 300,
    advanced: {
      horizontalPodAutoscalerConfig: {
        behavior: {
          scaleDown: {
            stabilizationWindowSeconds: 600,
            policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
          },
        },
      },
    },
    triggers: [
      {
        type: "postgresql",
        metadata: { query: `${count} ('gpu', 'big')`, targetQueryValue: "2" },
        authenticationRef: { name: "worker-gpu-keda" },
      },
    ],
  });
  const refs = parameters.map((key) => ({ parameter: key, name: "worker-gpu-keda", key }));
  assert.deepEqual(authentication, { secretTargetRef: refs });
});

test("KEDA counts tasks of the stack's default queue for the default group", async () => {
  const settings = { Operators: { default_queue: "Default.1" } };
  const { scaled } = await scaling({ workerAutoscale: { min: 1, max: 3 }, settings });
  assert.deepEqual(scaled.triggers[0]?.metadata, { query: `${count} ('Default.1')`, targetQueryValue: "4" });
});

test("KEDA queries the stack's own Postgres, not PgBouncer, with the login of a Secret, from its own namespace alone", async () => {
  for (const pooling of [{}, { pgbouncer: {} }]) {
    const { secret, policy, scaled } = await scaling({ ...pooling, workerAutoscale: { min: 1, max: 3 } });
    assert.deepEqual(secret, {
      connection:
        "postgresql://airflow:minted-metadataPassword@postgres.airflow-unit.svc:5432/airflow?sslmode=disable",
      host: "postgres.airflow-unit.svc",
      userName: "airflow",
      dbName: "airflow",
    });
    assert.ok(!JSON.stringify(scaled).includes("minted"));
    assert.deepEqual(policy, {
      podSelector: { matchLabels: { "app.kubernetes.io/name": "postgres" } },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "keda" } } }],
          ports: [{ port: 5432, protocol: "TCP" }],
        },
      ],
    });
  }
});

test("Postgres admits KEDA from the namespace in kedaNamespace", async () => {
  const { policy } = await scaling({
    workerAutoscale: { min: 1, max: 3 },
    kubernetes: { kedaNamespace: "scaling" },
  });
  assert.match(JSON.stringify(policy), /"kubernetes.io\/metadata.name":"scaling"/);
});

test("KEDA gets the current login after a rotation", async () => {
  const { secret } = await scaling({
    workerAutoscale: { min: 1, max: 3 },
    secretGenerations: { metadataPassword: 2 },
  });
  assert.equal(secret.userName, "airflow_2");
});

test("KEDA gets the address of an external Postgres in the Secret, and authorities make it verify the name", async () => {
  const url = "postgresql://fl%27ow:pass%5Cword@db.example.com:6432/meta";
  for (const [postgres, sslmode] of [
    [{ url }, "prefer"],
    [{ url, ca }, "verify-full"],
    [{ url: `${url}?sslmode=require`, ca }, "require"],
  ] as const) {
    const { secret, policy, scaled } = await scaling({ workerAutoscale: { min: 0, max: 2 }, postgres });
    assert.deepEqual(secret, {
      connection: `postgresql://fl'ow:pass%5Cword@db.example.com:6432/meta?sslmode=${sslmode}`,
      host: "db.example.com",
      userName: "fl'ow",
      dbName: "meta",
    });
    assert.equal(policy, undefined);
    assert.ok(!JSON.stringify(scaled).includes("example.com"));
  }
});

test("KEDA gets the address of a host that only the stack knows, unless the certificate has to prove the name", async () => {
  const workerAutoscale = { min: 0, max: 2 };
  const extraHosts = { "db.example.com": "10.0.0.7" };
  const hostOf = async (url: string, others: Config = {}) => {
    const { secret } = await scaling({ workerAutoscale, extraHosts, postgres: { url }, ...others });
    assert.equal(new URL(secret.connection as unknown as string).hostname, secret.host);
    return secret.host;
  };
  const url = "postgresql://airflow:a-long-word@DB.example.com/meta";
  for (const parameters of ["", "?sslmode=require", "?sslmode=verify-ca"])
    assert.equal(await hostOf(`${url}${parameters}`), "10.0.0.7");
  assert.equal(await hostOf(url, { extraHosts: { "db2.example.com": "10.0.0.7" } }), "DB.example.com");
  for (const postgres of [{ url: `${url}?sslmode=verify-full` }, { url, ca }])
    assert.throws(
      () => settingsFor({ ...stack, workerAutoscale, extraHosts, postgres }),
      /postgres\.url is .*; KEDA, which counts tasks there, does not read extraHosts, and sslmode=verify-full needs the name/,
    );
  const groups = [{ name: "gpu", queues: ["gpu"], autoscale: { min: 0, max: 1 } }];
  const postgres = { url, ca };
  assert.throws(() => settingsFor({ ...stack, workerGroups: groups, extraHosts, postgres }), /KEDA/);
  for (const fine of [{ extraHosts }, { workerAutoscale }])
    assert.equal(settingsFor({ ...stack, postgres, ...fine }).adminUser, "admin");
});

test("the connection budget counts KEDA's connections to Postgres", () => {
  const opened = (config: Config) => connectionBudget(settingsFor({ ...stack, ...config }));
  const fixed = opened({ workers: 3 });
  assert.equal(opened({ workerAutoscale: { min: 0, max: 3 } }), fixed + 2);
});
