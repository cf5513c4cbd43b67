import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { servicePod } from "../../../platforms/kubernetes/pod.ts";
import { placeOfBackups } from "../../../tools/lib/backup/store.ts";
import { Stack } from "../../../tools/lib/stack.ts";
import { inCluster } from "../../../tools/upgrade/rehearsal/inCluster.ts";
import { type BackupSet, rehearsalPod, waitsFor } from "../../../tools/upgrade/rehearsal/pod.ts";
import type { Stage } from "../../../tools/upgrade/rehearsal/stage.ts";
import { withPrograms } from "../standIns.ts";

interface Rendered {
  readonly metadata: {
    readonly name: string;
    readonly labels: object;
    readonly ownerReferences: readonly object[];
  };
  readonly spec: {
    readonly volumes: readonly Record<string, unknown>[];
    readonly containers: readonly (Record<string, unknown> & { readonly command: readonly string[] })[];
  } & Record<string, unknown>;
}

/** The StatefulSet that backs up, with the pod that the platform renders. */
function deployed(anyUser = false): BackupSet {
  const pod = servicePod(
    "backup",
    {
      image: "r/backup:15",
      command: ["serve"],
      user: { uid: 999, gid: 999 },
      secrets: { metadata_url: "", backup_keys: "" },
      files: { "/opt/backup/rehearse.py": "" },
      volumes: { "/backups": { kind: "data", name: "stack-backups", sharing: "exclusive" } },
      scratch: ["/tmp"],
      limits: { memory: 512, cpu: 1 },
      reaches: [{ host: "postgres", port: 5432 }],
      stop: { signal: "SIGTERM", graceSeconds: 10 },
      stateful: true,
      priority: "control",
      healthy: { command: ["true"], startSeconds: 60 },
    },
    {
      files: "backup-files",
      secrets: "backup-secrets",
      serviceAccount: "airflow",
      priorityClass: "x-control",
      nodes: { labels: { role: "control" }, tolerations: [] },
      anyUser,
    },
  );
  const labels = { team: "data", "app.kubernetes.io/name": "backup", "reaches/postgres": "true" };
  const template = { metadata: { labels }, spec: JSON.parse(JSON.stringify(pod)) };
  return { metadata: { name: "backup", uid: "u1" }, spec: { template } };
}

function rendered(set = deployed(), env = {}): Rendered {
  return JSON.parse(JSON.stringify(rehearsalPod(set, { image: "r/airflow:3", env, seconds: 900 })));
}

test("the pod of a rehearsal has the restored backup and the new version, and no way to anything else", () => {
  const { metadata, spec } = rendered();
  // No policy admits this name, and no label opens a way.
  assert.deepEqual(metadata, {
    name: "rehearsal",
    labels: { team: "data", "app.kubernetes.io/name": "rehearsal" },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name: "backup", uid: "u1" }],
  });
  assert.deepEqual(spec.volumes, [
    { name: "runtime", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
    { name: "tmp", emptyDir: {} },
    { name: "backups", emptyDir: {} },
    { name: "files", configMap: { name: "backup-files", defaultMode: 0o444 } },
    {
      name: "secrets",
      secret: {
        secretName: "backup-secrets",
        defaultMode: 0o444,
        items: [{ key: "backup_keys", path: "backup_keys" }],
      },
    },
    { name: "airflow", emptyDir: {} },
  ]);
  const [restorer, airflow] = spec.containers;
  assert.deepEqual([restorer?.name, restorer?.image], ["backup", "r/backup:15"]);
  assert.deepEqual([airflow?.name, airflow?.image], ["airflow", "r/airflow:3"]);
  for (const container of spec.containers) {
    assert.deepEqual(container.command, ["dumb-init", "sleep", "infinity"]);
    assert.ok(!Object.keys(container).some((key) => key.endsWith("Probe")));
  }
  assert.deepEqual(airflow?.volumeMounts, [
    { name: "airflow", mountPath: "/tmp" },
    { name: "airflow", mountPath: "/opt/airflow/logs" },
  ]);
});

test("the pod of a rehearsal fits the namespace, evicts nothing, and ends by itself", () => {
  const { spec } = rendered();
  const { volumes: _, containers: __, ...rest } = spec;
  assert.deepEqual(rest, {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    nodeSelector: { role: "control" },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 999,
      runAsGroup: 999,
      fsGroup: 999,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    serviceAccountName: "airflow",
    tolerations: rest.tolerations,
    restartPolicy: "Never",
    activeDeadlineSeconds: 900,
    terminationGracePeriodSeconds: 1,
  });
  const context = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
  };
  const users = (one: Rendered) => one.spec.containers.map(({ securityContext }) => securityContext);
  assert.deepEqual(users(rendered()), [
    { ...context, runAsUser: 999, runAsGroup: 999 },
    { ...context, runAsUser: 50000, runAsGroup: 0 },
  ]);
  assert.deepEqual(users(rendered(deployed(true))), [context, context]);
});

test("settings reach the new version as they are", () => {
  const [, airflow] = rendered(deployed(), { AIRFLOW__CORE__X: "$(HOME) costs $5" }).spec.containers;
  const [first] = (airflow?.env ?? []) as object[];
  assert.deepEqual(first, { name: "AIRFLOW__CORE__X", value: "$$(HOME) costs $$5" });
});

test("a pod that does not run says why", () => {
  const unplaced = { type: "PodScheduled", status: "False", message: "0/2 nodes: Insufficient memory" };
  assert.deepEqual(waitsFor({ phase: "Pending", conditions: [unplaced] }), [unplaced.message]);
  const containerStatuses = [
    { name: "backup", state: {} },
    { name: "airflow", state: { waiting: { reason: "ErrImagePull", message: "not found" } } },
  ];
  assert.deepEqual(waitsFor({ phase: "Pending", containerStatuses }), ["airflow: ErrImagePull: not found"]);
  assert.deepEqual(waitsFor({ phase: "Running", containerStatuses: containerStatuses.slice(0, 1) }), []);
});

const config = `config:
  airflow:platform: kubernetes
  airflow:kubernetes: { context: c, namespace: n }
  airflow:images: { airflow: r/a:3, postgres: r/p:1, redis: r/r:1, backup: r/b:1 }
  airflow:backup: { every: 6h, keep: 2 }
  airflow:dagsGit: { url: https://git.example.com/dags.git }
`;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Stand-in for kubectl, beside whose files it keeps what it gets. */
const client = `#!/bin/sh
cd "$(dirname "$0")"
case "$*" in *" get pods "*) ;; *) echo "$*" >> calls ;; esac
case "$*" in
  *" get pods "*) printf 'backup-1 backup\\n' ;;
  *" get statefulset "*) cat set.json ;;
  *" get pod "*) cat status.json ;;
  *" create "*) cat > created.json ;;
  *"backup.py list") echo '{"backups": [{"id": "B1", "bytes": 6, "sha256": "${sha256("sealed")}"}], "failure": null}' ;;
  *"backup.py send B1") printf sealed ;;
  *" sh -c "*) cat > archive ;;
  *" exec -i rehearsal --container airflow -- env X=1 migrate") exit 3 ;;
esac
`;

/** Runs a stage in a cluster of stand-ins; returns the calls of kubectl and what it got. */
async function staged(status: object, use: (stage: Stage) => Promise<unknown>) {
  return withPrograms({ kubectl: client }, async (folder) => {
    const file = join(folder, "Pulumi.x.yaml");
    writeFileSync(file, config);
    writeFileSync(join(folder, "set.json"), JSON.stringify(deployed()));
    writeFileSync(join(folder, "status.json"), JSON.stringify({ status }));
    const stack = new Stack("x", file);
    const settings = stack.deployed();
    const place = await placeOfBackups(stack, settings);
    const read = (name: string) => {
      const path = join(folder, name);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    };
    const outcome = await inCluster({ stack, settings, place, id: "B1" }, use).catch(
      ({ message }: Error) => message,
    );
    const calls = read("calls").trim().split("\n");
    assert.ok(calls.every((call) => call.startsWith("--context c --namespace n ")));
    const verbs = calls.map((call) => call.split(" ").slice(4).join(" "));
    return { outcome, verbs, archive: read("archive"), created: read("created.json") };
  });
}

const remove = "delete pod rehearsal --ignore-not-found --now";

test("in a cluster, a pod gets the archive, runs the command, and is removed with an earlier one", async () => {
  const { outcome, verbs, archive, created } = await staged({ phase: "Running" }, (stage) =>
    stage.run({ X: "1" }, ["migrate"]),
  );
  assert.equal(outcome, 3);
  assert.equal(archive, "sealed");
  assert.equal(JSON.parse(created).spec.containers[1].image, "r/a:3");
  const copying = [
    "exec -i backup-1 -- python3 /opt/backup/backup.py list",
    "exec -i backup-1 -- python3 /opt/backup/backup.py send B1",
    'exec -i rehearsal --container backup -- sh -c cat > "$1" copy /backups/B1.tar.age',
  ];
  // Both ends of the copy start at the same time.
  assert.deepEqual(verbs.splice(4, 3).sort(), copying);
  assert.deepEqual(verbs, [
    remove,
    "get statefulset backup --output json",
    "create --filename -",
    "get pod rehearsal --output json",
    "exec -i rehearsal --container airflow -- env X=1 migrate",
    remove,
  ]);
});

test("a rehearsal that fails, or whose pod is ended, leaves no pod", async () => {
  const failed = await staged({ phase: "Running" }, () => Promise.reject(new Error("broken")));
  assert.equal(failed.outcome, "broken");
  assert.equal(failed.verbs.at(-1), remove);
  const evicted = await staged({ phase: "Failed" }, () => assert.fail("the pod never ran"));
  assert.equal(evicted.outcome, "The cluster ended the pod of the rehearsal.");
  assert.equal(evicted.verbs.at(-1), remove);
});
