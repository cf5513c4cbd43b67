import assert from "node:assert/strict";
import { test } from "node:test";
import { type StorageObject, storageFault } from "../../../../platforms/kubernetes/cluster/storage.ts";
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
