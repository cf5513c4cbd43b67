import { type Fault, faultAt } from "../fault.ts";
import { hint, nearest } from "../nearest.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Fields of Kubernetes' API, by the list of a pod: https://kubernetes.io/docs/reference/kubernetes-api/ */
export const fieldsOf = {
  initContainers: [
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "restartPolicyRules",
    "securityContext",
    "startupProbe",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
  ],
  volumes: [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "name",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
  ],
  volumeMounts: [
    "mountPath",
    "mountPropagation",
    "name",
    "readOnly",
    "recursiveReadOnly",
    "subPath",
    "subPathExpr",
  ],
} as const;

/** Lists misspelt fields. A field that resembles none may be one of a newer Kubernetes. */
export function misspeltFaults(key: keyof typeof fieldsOf, item: Fields): Fault[] {
  const known: readonly string[] = fieldsOf[key];
  return Object.keys(item)
    .filter((field) => !known.includes(field))
    .flatMap((field) => {
      const meant = nearest(field, known);
      return faultAt([field], meant && `is unknown; ${hint(meant)}expected a field of Kubernetes`);
    });
}
