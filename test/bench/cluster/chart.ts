import { dirname } from "node:path";

/** Values of a release; images by the names that the cluster knows. */
export interface ReleaseValues {
  /** Names of the DAG files. */
  readonly dags: readonly string[];
  readonly airflow: string;
  readonly postgres: string;
  readonly redis: string;
}

type Fields = Readonly<Record<string, unknown>>;

const env = [{ secretRef: { name: "airflow" } }];
const volumes = [
  { name: "dags", configMap: { name: "dags" } },
  { name: "logs", emptyDir: {} },
  { name: "data", persistentVolumeClaim: { claimName: "data" } },
];

/** Mounts DAG files one by one: in a folder of a ConfigMap, Airflow finds each file twice, and ends. */
function mounts(dags: readonly string[]): Fields[] {
  return [
    ...dags.map((file) => ({ name: "dags", mountPath: `/opt/airflow/dags/${file}`, subPath: file })),
    { name: "logs", mountPath: "/opt/airflow/logs" },
    { name: "data", mountPath: "/opt/airflow/data" },
  ];
}

/** A program as a probe, once a minute. */
function program(...command: string[]): Fields {
  return {
    exec: { command },
    initialDelaySeconds: 10,
    timeoutSeconds: 20,
    failureThreshold: 5,
    periodSeconds: 60,
  };
}

/** Asks the database for the heartbeat of a job on this pod. */
function jobs(type: string): Fields {
  const liveness = program("sh", "-c", `exec airflow jobs check --job-type ${type} --local`);
  return { livenessProbe: liveness, startupProbe: { ...liveness, periodSeconds: 10, failureThreshold: 30 } };
}

function http(path: string, port: number): Fields {
  const probe = { httpGet: { path, port }, timeoutSeconds: 20 };
  return {
    startupProbe: { ...probe, periodSeconds: 10, failureThreshold: 30 },
    readinessProbe: { ...probe, periodSeconds: 10, failureThreshold: 5 },
    livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 5 },
  };
}

const ping =
  'exec celery --app airflow.providers.celery.executors.celery_executor.app inspect ping -d "celery@$(hostname)"';

/** Pods of Airflow, which wait for the migration with a program of Airflow. */
function pod({ airflow, dags }: ReleaseValues, args: readonly string[], container: Fields): Fields {
  const common = { image: airflow, envFrom: env, volumeMounts: mounts(dags) };
  const wait = { ...common, name: "wait", args: ["db", "check-migrations", "--migration-wait-timeout=300"] };
  return {
    securityContext: { runAsUser: 50000, fsGroup: 0 },
    initContainers: [wait],
    containers: [{ ...common, name: "main", args, ...container }],
    volumes,
  };
}

function workload(kind: "Deployment" | "StatefulSet", name: string, spec: Fields, replicas = 1): Fields {
  const labels = { app: name };
  const template = { metadata: { labels }, spec };
  const own = kind === "StatefulSet" ? { serviceName: name, podManagementPolicy: "Parallel" } : {};
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template, ...own },
  };
}

function service(name: string, port: number): Fields {
  const spec = { selector: { app: name }, ports: [{ port }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec };
}

const password = "/run/secrets/postgres/password";
const dataFolder = "/var/lib/postgresql/data";

/** A database or broker, with an empty folder for its data. */
function store(name: string, image: string, port: number, folder: string, container: Fields): Fields[] {
  const mounts = [
    { name: "folder", mountPath: folder },
    { name: "password", mountPath: dirname(password) },
  ];
  const probe = { tcpSocket: { port }, periodSeconds: 5 };
  const spec = {
    securityContext: { runAsUser: 999, fsGroup: 999 },
    containers: [{ name: "main", image, readinessProbe: probe, volumeMounts: mounts, ...container }],
    volumes: [
      { name: "folder", emptyDir: {} },
      { name: "password", secret: { secretName: "postgres" } },
    ],
  };
  return [workload("StatefulSet", name, spec), service(name, port)];
}

/** A job that runs once everything else is created, as a hook. */
export function hook(name: string, values: ReleaseValues, args: readonly string[]): Fields {
  const { initContainers, ...spec } = pod(values, args, {});
  const template = { spec: { ...spec, restartPolicy: "OnFailure" } };
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name }, spec: { backoffLimit: 10, template } };
}

/** Renders a chart of the usual shape: programs of Airflow are the probes, and let each pod wait for the migration, which is a hook. */
export function chart(values: ReleaseValues): Fields {
  const { postgres, redis } = values;
  const claim = { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } };
  const roles = {
    scheduler: [["scheduler"], jobs("SchedulerJob")],
    "dag-processor": [["dag-processor"], jobs("DagProcessorJob")],
    triggerer: [["triggerer"], jobs("TriggererJob")],
    "api-server": [["api-server"], http("/api/v2/version", 8080)],
    flower: [["celery", "flower"], http("/healthcheck", 5555)],
  } as const;
  const worker = pod(values, ["celery", "worker"], { livenessProbe: program("sh", "-c", ping) });
  const database = {
    POSTGRES_USER: "airflow",
    POSTGRES_DB: "airflow",
    POSTGRES_PASSWORD_FILE: password,
    PGDATA: `${dataFolder}/pgdata`,
  };
  const items = [
    { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" }, spec: claim },
    ...store("postgres", postgres, 5432, dataFolder, {
      env: Object.entries(database).map(([name, value]) => ({ name, value })),
    }),
    ...store("redis", redis, 6379, "/data", { args: ["redis-server", "--protected-mode", "no"] }),
    ...Object.entries(roles).map(([name, [args, probes]]) =>
      workload("Deployment", name, pod(values, args, probes)),
    ),
    workload("StatefulSet", "worker", worker, 2),
    service("api-server", 8080),
    service("worker", 8793),
  ];
  return { apiVersion: "v1", kind: "List", items };
}
