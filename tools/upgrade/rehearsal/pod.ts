import { escaped, selector } from "../../../platforms/kubernetes/pod.ts";

/** Name of the pod of a rehearsal, which a later rehearsal replaces. */
export const podName = "rehearsal";

type Fields = Readonly<Record<string, unknown>>;

interface Container extends Fields {
  readonly name: string;
  readonly securityContext: Fields;
}

interface PodVolume extends Fields {
  readonly name: string;
  readonly persistentVolumeClaim?: unknown;
  readonly secret?: Fields;
}

/** The StatefulSet that backs up, as kubectl prints it; only the fields used here. */
export interface BackupSet {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: Fields & {
        readonly containers: readonly Container[];
        readonly volumes: readonly PodVolume[];
      };
    };
  };
}

/** The part of the new version in the pod of a rehearsal. */
export interface RehearsalArgs {
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  /** Seconds after which the cluster ends the pod of a command that was killed. */
  readonly seconds: number;
}

/** Fields that the pod has in common with the pod that backs up; a priority is not among them, so it evicts nothing. */
const shared = [
  "affinity",
  "automountServiceAccountToken",
  "enableServiceLinks",
  "nodeSelector",
  "securityContext",
  "serviceAccountName",
  "tolerations",
];

/** Waits for commands; ends at once when it is told to. */
const waiting = { command: ["dumb-init", "sleep", "infinity"] };

function picked(from: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(from, key)).map((key) => [key, from[key]]));
}

/** Keeps only the keys that open archives, without the logins of the databases, and puts an empty folder in place of the backups. */
function volumeOf(volume: PodVolume): Fields {
  const { name, secret, persistentVolumeClaim } = volume;
  if (persistentVolumeClaim) return { name, emptyDir: {} };
  if (!secret) return volume;
  return { name, secret: { ...secret, items: [{ key: "backup_keys", path: "backup_keys" }] } };
}

/** Folders that Airflow writes to beside its read-only root, and its settings that are files there. */
const scratch = {
  mounts: ["/tmp", "/opt/airflow/logs"].map((mountPath) => ({ name: "airflow", mountPath })),
  env: {
    AIRFLOW_CONFIG: "/tmp/airflow.cfg",
    AIRFLOW__WEBSERVER__CONFIG_FILE: "/tmp/webserver_config.py",
  },
};

/** Requests less than it may use: if memory gets short, the rehearsal gives way. */
const resources = {
  requests: { cpu: "10m", memory: "256Mi", "ephemeral-storage": "64Mi" },
  limits: { cpu: "2", memory: "1Gi", "ephemeral-storage": "1Gi" },
};

/** Fits an image with another user into the security context of a container, unless the cluster chooses the user. */
function asAirflow(context: Fields): Fields {
  return Object.hasOwn(context, "runAsUser") ? { ...context, runAsUser: 50000, runAsGroup: 0 } : context;
}

/**
 * Renders the pod of a rehearsal: a copy of the container that backs up, with the new version beside it. No policy but
 * the one that denies all selects it, so its containers reach nothing but each other. The StatefulSet owns it: whoever
 * removes the backups removes the pod, too.
 */
export function rehearsalPod({ metadata, spec }: BackupSet, args: RehearsalArgs): Fields {
  const { template } = spec;
  const container = template.spec.containers.find(({ name }) => name === metadata.name);
  if (!container)
    throw new Error(`The StatefulSet ${metadata.name} has no container of its name; expected one.`);
  const labels = Object.entries(template.metadata.labels).filter(([key]) => !key.startsWith("reaches/"));
  const like = ["image", "imagePullPolicy", "env", "resources", "securityContext", "volumeMounts"];
  const env = Object.entries({ ...args.env, ...scratch.env });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName,
      labels: { ...Object.fromEntries(labels), ...selector(podName) },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "StatefulSet", name: metadata.name, uid: metadata.uid },
      ],
    },
    spec: {
      ...picked(template.spec, shared),
      restartPolicy: "Never",
      activeDeadlineSeconds: args.seconds,
      terminationGracePeriodSeconds: 1,
      volumes: [...template.spec.volumes.map(volumeOf), { name: "airflow", emptyDir: {} }],
      containers: [
        { name: metadata.name, ...picked(container, like), ...waiting },
        {
          name: "airflow",
          image: args.image,
          imagePullPolicy: container.imagePullPolicy,
          ...waiting,
          env: env.map(([name, value]) => ({ name, value: escaped(value) })),
          resources,
          securityContext: asAirflow(container.securityContext),
          volumeMounts: scratch.mounts,
        },
      ],
    },
  };
}

/** Status of a pod, as kubectl prints it; only the fields used here. */
export interface PodStatus {
  readonly phase: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly {
    readonly name: string;
    readonly state: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

/** Lists what a pod that does not run yet waits for: a node, or the image of a container. */
export function waitsFor({ conditions = [], containerStatuses = [] }: PodStatus): string[] {
  const unplaced = conditions.filter(({ type, status }) => type === "PodScheduled" && status === "False");
  const unstarted = containerStatuses.flatMap(({ name, state: { waiting: is } }) =>
    is ? [[name, is.reason, is.message].filter((part) => part !== undefined).join(": ")] : [],
  );
  return [...unplaced.map(({ message }) => message ?? "a node"), ...unstarted];
}
