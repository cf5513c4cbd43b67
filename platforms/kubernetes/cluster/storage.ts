interface Metadata {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface StorageClass {
  readonly kind: "StorageClass";
  readonly metadata: Metadata;
  readonly provisioner: string;
}

/** A volume, made by hand or for a claim, or a claim. */
interface Storage {
  readonly kind: "PersistentVolume" | "PersistentVolumeClaim";
  readonly metadata: Metadata;
  readonly spec: { readonly storageClassName?: string; readonly accessModes: readonly string[] };
}

export type StorageObject = StorageClass | Storage;

/** Provisioners whose volumes only one node mounts at a time, according to their documentation. */
const oneNode = [
  "rancher.io/local-path",
  "openebs.io/local",
  "local.csi.openebs.io",
  "topolvm.io",
  "ebs.csi.aws.com",
  "kubernetes.io/aws-ebs",
  "pd.csi.storage.gke.io",
  "kubernetes.io/gce-pd",
  "disk.csi.azure.com",
  "kubernetes.io/azure-disk",
  "cinder.csi.openstack.org",
  "kubernetes.io/cinder",
  "dobs.csi.digitalocean.com",
  "csi.hetzner.cloud",
  "linodebs.csi.linode.com",
  "rbd.csi.ceph.com",
];

/** Provisioner that makes no volumes: the volumes of its classes are made by hand. */
const noProvisioner = "kubernetes.io/no-provisioner";

const remedy =
  "expected a class for many nodes (ReadWriteMany), such as one of NFS, CephFS, EFS, Filestore or Azure Files; on a cluster of one node, storage.sharedAccess: ReadWriteOnce is enough";

/** Annotations by which a cluster knows its default class, the older one last. */
const defaults = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

export function isDefaultClass({ metadata: { annotations } }: StorageObject): boolean {
  return defaults.some((key) => annotations?.[key] === "true");
}

function isForMany(storage: StorageObject): storage is Storage {
  return storage.kind !== "StorageClass" && storage.spec.accessModes.includes("ReadWriteMany");
}

/** Kinds of {@link StorageObject}, for kubectl. */
export const storageKinds = "storageclasses.storage.k8s.io,persistentvolumes,persistentvolumeclaims";

/**
 * Explains why claims for many nodes would stay unbound; undefined if they may be bound. An existing claim for many
 * nodes was checked at an earlier deployment.
 * @param sharedClass class that the stack names; default: the cluster's default class
 */
export function storageFault(
  objects: readonly StorageObject[],
  sharedClass: string | undefined,
): string | undefined {
  if (objects.some((one) => one.kind === "PersistentVolumeClaim" && isForMany(one))) return;
  const classes = objects.filter((one) => one.kind === "StorageClass");
  const found = classes.find((one) =>
    sharedClass === undefined ? isDefaultClass(one) : one.metadata.name === sharedClass,
  );
  const given = `kubernetes.storage.sharedClass is ${sharedClass ?? "not given"}`;
  const names = classes.map(({ metadata }) => metadata.name).join(", ") || "none";
  const volumes = objects.filter(isForMany).map(({ spec }) => spec.storageClassName ?? "");
  if (!found) {
    // Volumes that were made by hand may name a class without an object, or none.
    if (volumes.includes(sharedClass ?? "")) return;
    const missing = sharedClass === undefined ? "the cluster has no default class" : "there is no such class";
    return `${given}; ${missing} (classes: ${names}): ${remedy}`;
  }
  const { metadata, provisioner } = found;
  const isManual = provisioner === noProvisioner && !volumes.includes(metadata.name);
  if (!isManual && !oneNode.some((name) => provisioner === name || provisioner.endsWith(`.${name}`))) return;
  const which = sharedClass === undefined ? `the cluster's default class ${metadata.name}` : "that class";
  const what = isManual ? "has no volume" : "makes volumes";
  const many = isManual ? "for many nodes" : "for one node";
  return `${given}; ${which} (${provisioner}) ${what} ${many}: ${remedy}`;
}
