import assert from "node:assert/strict";
import { test } from "node:test";
import { resizingFaults } from "../../../../platforms/kubernetes/cluster/resizing.ts";
import { type StorageObject, storageFault } from "../../../../platforms/kubernetes/cluster/storage.ts";
import { inCluster } from "../../../../platforms/kubernetes/ownership.ts";
import { lookFor } from "../../../../platforms/look.ts";
import type { ClaimedStorage } from "../../../../platforms/ownership/claims.ts";
import { volumeBytes } from "../../../../settings/model/sizes.ts";
import type { Sharing } from "../../../../workload.ts";
import { cluster } from "../../cluster.ts";
import { settingsFor } from "../../settingsFrom.ts";
import { withPrograms } from "../../standIns.ts";
import { declared, specsOf } from "./objects.ts";

function storageClass(name: string, provisioner: string, isDefault = false): StorageObject {
  const annotations = { "storageclass.kubernetes.io/is-default-class": String(isDefault) };
  return { kind: "StorageClass", metadata: { name, annotations }, provisioner };
}

function storage(
  kind: "PersistentVolume" | "PersistentVolumeClaim",
  name: string,
  mode: string,
): StorageObject {
  return { kind, metadata: { name }, spec: { storageClassName: name, accessModes: [mode] } };
}

const remedy =
  "expected a class for many nodes (ReadWriteMany), such as one of NFS, CephFS, EFS, Filestore or Azure Files; on a cluster of one node, storage.sharedAccess: ReadWriteOnce is enough";
const ebs = storageClass("gp3", "ebs.csi.aws.com", true);
const efs = storageClass("efs", "efs.csi.aws.com");
const manual = storageClass("manual", "kubernetes.io/no-provisioner");

test("a storage class for one node is refused, and another class is accepted", () => {
  assert.equal(
    storageFault([ebs, efs], undefined),
    `kubernetes.storage.sharedClass is not given; the cluster's default class gp3 (ebs.csi.aws.com) makes volumes for one node: ${remedy}`,
  );
  assert.equal(
    storageFault([ebs, efs], "gp3"),
    `kubernetes.storage.sharedClass is gp3; that class (ebs.csi.aws.com) makes volumes for one node: ${remedy}`,
  );
  assert.equal(storageFault([ebs, efs], "efs"), undefined);
  const rook = storageClass("ceph", "rook-ceph.rbd.csi.ceph.com");
  assert.match(storageFault([rook], "ceph") ?? "", /that class \(rook-ceph\.rbd\.csi\.ceph\.com\) makes/);
});

test("a missing storage class is refused, with the classes that exist", () => {
  assert.equal(
    storageFault([efs, manual], undefined),
    `kubernetes.storage.sharedClass is not given; the cluster has no default class (classes: efs, manual): ${remedy}`,
  );
  assert.equal(
    storageFault([], "nfs"),
    `kubernetes.storage.sharedClass is nfs; there is no such class (classes: none): ${remedy}`,
  );
});

test("PersistentVolumes made by hand count for their storage class", () => {
  const one = storage("PersistentVolume", "manual", "ReadWriteOnce");
  const many = storage("PersistentVolume", "manual", "ReadWriteMany");
  assert.equal(
    storageFault([manual, one], "manual"),
    `kubernetes.storage.sharedClass is manual; that class (kubernetes.io/no-provisioner) has no volume for many nodes: ${remedy}`,
  );
  assert.equal(storageFault([manual, one, many], "manual"), undefined);
  assert.equal(storageFault([many], "manual"), undefined);
  const { kind, metadata } = many;
  const unnamed = { kind, metadata, spec: { accessModes: ["ReadWriteMany"] } } as StorageObject;
  assert.equal(storageFault([unnamed], undefined), undefined);
});

/** Looks at a cluster with some storage, and a volume, for a stack with three volumes; returns the error. */
async function lookedAt(
  items: readonly StorageObject[] | undefined,
  { class: own, sharedClass }: { readonly class?: string; readonly sharedClass?: string } = {},
  existing = "none",
): Promise<string | undefined> {
  const answer = items === undefined ? "exit 1" : `echo '${JSON.stringify({ items })}'`;
  const kubectl = `#!/bin/sh
case "$*" in
  *" get persistentvolumeclaims "*) echo "${existing}   id   1Gi   ${own ?? "gone"}   ReadWriteOnce" ;;
  *"get storageclasses.storage.k8s.io,persistentvolumes "*) ${answer} ;;
  *) exit 1 ;;
esac
`;
  const volumes = [
    ["postgres-data", "exclusive", own],
    ["redis-data", "exclusive", own],
    ["logs", "shared", sharedClass],
  ] as const;
  const claims = volumes.map(([name, sharing, storageClass]) => {
    const storage = { size: "1Gi", accessMode: "ReadWriteOnce", storageClass };
    return { kind: "claim", name, namespace: "x", storage, sharing } as const;
  });
  const known = {
    ids: ["id"],
    names: new Set(""),
    volumes: new Set(""),
    sizes: new Map(),
    databases: new Set(""),
    hasWorkers: true,
  };
  return withPrograms({ kubectl }, () =>
    lookFor(
      settingsFor(cluster),
      known,
      "x",
    )(claims).then(
      () => undefined,
      ({ message }: Error) => message,
    ),
  );
}

test("new volumes are refused without their storage class, or a default one, where the cluster tells its classes", async () => {
  const own = "kubernetes.storage.class is";
  const shared = "kubernetes.storage.sharedClass is";
  assert.equal(await lookedAt([ebs, efs]), undefined);
  assert.equal(await lookedAt([ebs, efs], { class: "efs", sharedClass: "gp3" }), undefined);
  assert.equal(
    await lookedAt([ebs, efs], { class: "nope" }),
    `${own} nope, and the cluster has no such class for postgres-data and redis-data; expected one of its classes: gp3, efs`,
  );
  assert.equal(
    await lookedAt([efs], { sharedClass: "efs" }),
    `${own} not given, and the cluster has no default class for postgres-data and redis-data; expected one of its classes: efs`,
  );
  assert.equal(
    await lookedAt([], { class: "nope" }, "redis-data"),
    `${own} nope, and the cluster has no such class for postgres-data; expected a storage class in the cluster, which has none\n` +
      `${shared} not given, and the cluster has no default class for logs; expected a storage class in the cluster, which has none`,
  );
  const byHand = storage("PersistentVolume", "nope", "ReadWriteOnce");
  assert.equal(await lookedAt([ebs, byHand], { class: "nope" }), undefined);
  assert.equal(await lookedAt(undefined, { class: "nope" }), undefined);
  const annotations = { "storageclass.beta.kubernetes.io/is-default-class": "true" };
  assert.equal(await lookedAt([{ ...efs, metadata: { name: "efs", annotations } }]), undefined);
});

test("a stack whose claims for many nodes exist is not refused", () => {
  assert.equal(
    storageFault([ebs, storage("PersistentVolumeClaim", "data", "ReadWriteMany")], undefined),
    undefined,
  );
  assert.notEqual(
    storageFault([ebs, storage("PersistentVolumeClaim", "redis-data", "ReadWriteOnce")], undefined),
    undefined,
  );
});

test("sharedAccess is the access mode of the shared volumes", async () => {
  const modes = async (kubernetes: object) =>
    Object.fromEntries(
      Object.entries(specsOf(await declared({ kubernetes }), "PersistentVolumeClaim")).map(
        ([name, { accessModes }]) => [name, accessModes],
      ),
    );
  const own = { "postgres-data": ["ReadWriteOnce"], "redis-data": ["ReadWriteOnce"] };
  assert.deepEqual(await modes({}), { ...own, logs: ["ReadWriteMany"], data: ["ReadWriteMany"] });
  assert.deepEqual(await modes({ storage: { sharedAccess: "ReadWriteOnce" } }), {
    ...own,
    logs: ["ReadWriteOnce"],
    data: ["ReadWriteOnce"],
  });
});

test("sizes of volumes are compared whatever their units", () => {
  const sizes = {
    "1024Mi": 2 ** 30,
    "1Gi": 2 ** 30,
    "2Ti": 2 ** 41,
    "10G": 1e10,
    "5k": 5000,
    "7": 7,
    "1.5Gi": 1.5 * 2 ** 30,
  };
  for (const [size, bytes] of Object.entries(sizes)) assert.equal(volumeBytes(size), bytes, size);
});

/** Stand-in for kubectl: a cluster with one volume of 10Gi, and a storage class that enlarges volumes. */
const kubectl = `#!/bin/sh
case "$*" in
  *"get persistentvolumeclaims postgres-data "*) echo "postgres-data   <none>   10Gi   plain   ReadWriteOnce" ;;
  *"get storageclasses.storage.k8s.io plain "*) true ;;
  *) exit 1 ;;
esac
`;

/** Returns the faults of a volume of 10Gi that the stack claims in another way. */
async function resized(
  storage: Partial<ClaimedStorage>,
  deployed = "10Gi",
  kind = kubectl,
  sharing: Sharing = "exclusive",
) {
  const wanted = { size: "10Gi", accessMode: "ReadWriteOnce", ...storage };
  const claims = [
    { kind: "claim", name: "postgres-data", namespace: "x", storage: wanted, sharing },
  ] as const;
  return withPrograms({ kubectl: kind }, async () =>
    resizingFaults(claims, await inCluster(claims, []), new Map([["postgres-data", deployed]]), []),
  );
}

test("a volume can be enlarged where its class can, and nothing else of it changes", async () => {
  const page = "docs/kubernetes.md#storage";
  const volume = "and the volume postgres-data has";
  assert.deepEqual(await resized({}), []);
  assert.deepEqual(await resized({ size: "10240Mi", storageClass: "plain" }), []);
  assert.deepEqual(await resized({ size: "5Gi" }), [
    `kubernetes.storage.postgres is 5Gi, ${volume} 10Gi: a volume cannot shrink; expected 10Gi or more: ${page}`,
  ]);
  assert.deepEqual(await resized({ size: "20Gi" }), [
    `kubernetes.storage.postgres is 20Gi, ${volume} 10Gi of the class plain, which does not enlarge volumes (allowVolumeExpansion); expected 10Gi: ${page}`,
  ]);
  assert.deepEqual(await resized({ storageClass: "fast" }), [
    `kubernetes.storage.class is fast, ${volume} plain, which a volume keeps; expected plain: ${page}`,
  ]);
  assert.deepEqual(await resized({ accessMode: "ReadWriteMany" }), [
    `kubernetes.storage.sharedAccess is ReadWriteMany, ${volume} ReadWriteOnce, which a volume keeps; expected ReadWriteOnce: ${page}`,
  ]);
  const [shared] = await resized({ storageClass: "fast" }, "10Gi", kubectl, "shared");
  assert.match(shared ?? "", /^kubernetes\.storage\.sharedClass is fast/);
  // An autoscaler of volumes has enlarged it since the last deployment.
  assert.deepEqual(await resized({ size: "5Gi" }, "5Gi"), []);
  const enlarging = kubectl.replace('plain "*) ', 'plain "*) echo true; ');
  assert.deepEqual(await resized({ size: "20Gi" }, "10Gi", enlarging), []);
  assert.deepEqual(await resized({ size: "20Gi" }, "10Gi", kubectl.replace("true ;;", "exit 1 ;;")), []);
});
