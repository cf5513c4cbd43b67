import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { localImage } from "./images/local.ts";

/** Any `airflow.cfg` setting, by section and key. */
export type AirflowSettings = Readonly<Record<string, Readonly<Record<string, string>>>>;

function whole(min: number, max: number) {
  const error = `allowed is a whole number from ${min} to ${max}`;
  return z.int({ error }).gte(min, { error }).lte(max, { error });
}

function matching(pattern: RegExp, allowed: string) {
  return z.coerce.string().regex(pattern, { error: allowed });
}

function object<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: `allowed is an object with ${Object.keys(shape).join(", ")}` });
}

const range = object({ min: whole(0, 1000), max: whole(1, 1000) }).refine(({ min, max }) => min <= max, {
  error: "allowed is a min that is not above max",
});

const name = matching(
  /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
  "allowed are a-z, 0-9 and '-', a letter first, 32 at most",
);

const queue = matching(
  /^[A-Za-z0-9_.-]{1,100}$/,
  "allowed are letters, digits, '_', '.' and '-', 100 at most",
);

const labels = z.record(
  matching(
    /^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
    "allowed are names of node labels",
  ),
  matching(/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/, "allowed is the value of a node label"),
  { error: "allowed are node labels with their values" },
);

const toleration = object({
  key: z.string({ error: "allowed is the key of a taint" }).min(1),
  value: z.coerce.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"], {
    error: "allowed are NoSchedule, PreferNoSchedule and NoExecute",
  }),
});

const concurrency = z.union([whole(1, 1000), range], {
  error: "allowed is a whole number from 1 to 1000, or { min, max } of them",
});

const memory = whole(256, 1_048_576);
const cpu = z.number({ error: "allowed is a number of cores" }).gte(0.1).lte(1024);

const workerGroup = object({
  name,
  queues: z
    .array(queue, { error: "allowed is a list of queue names" })
    .min(1, { error: "allowed is at least one queue" }),
  workers: whole(0, 1000).optional(),
  concurrency: concurrency.optional(),
  memory: memory.optional(),
  cpu: cpu.optional(),
  machine: name.optional(),
  nodeLabels: labels.optional(),
  tolerations: z.array(toleration, { error: "allowed is a list of tolerations" }).optional(),
  autoscale: range.optional(),
});

function directory(given: string, context: z.RefinementCtx): string {
  const path = resolve(import.meta.dirname, given);
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    context.addIssue(`allowed is a directory, relative to Pulumi.yaml; there is none at ${path}`);
  }
  return path;
}

const placedRoles = [
  "postgres",
  "redis",
  "migration",
  "scheduler",
  "webserver",
  "dag-processor",
  "triggerer",
  "flower",
] as const;

const count = whole(0, 1000);
const counts = z.union([count, z.record(name, count)], {
  error: "allowed is a whole number from 0 to 1000, or one for each group: { default: 4, gpu: 1 }",
});

const machine = object({
  name,
  /** On Docker: where its engine listens, as DOCKER_HOST has it. */
  docker: matching(
    /^(unix:\/\/\/\S+|ssh:\/\/([^\s@/:]+@)?[^\s@/:]+(:\d+)?|tcp:\/\/[^\s@/:]+:\d+)$/,
    "allowed are unix:///PATH, ssh://USER@HOST and tcp://HOST:PORT",
  ).optional(),
  /** On Docker: where the other machines reach it. */
  address: z
    .ipv4({ error: "allowed is the IPv4 address at which the other machines reach it: 10.0.0.11" })
    .optional(),
  /** For tcp://: a directory with ca.pem, cert.pem and key.pem. */
  certificates: z.string().transform(directory).optional(),
  /** On Docker: what runs here instead of on the first machine. */
  roles: z
    .array(z.enum(placedRoles, { error: `allowed are ${placedRoles.join(", ")}` }), {
      error: "allowed is a list of roles",
    })
    .optional(),
  /** On Kubernetes: the name of a node. */
  node: matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "allowed is the name of a node").optional(),
  /** On Kubernetes: labels that nodes have. */
  labels: labels.optional(),
  workers: counts.optional(),
});

const size = matching(/^[1-9]\d{0,5}(Mi|Gi|Ti)$/, "allowed is a size with its unit: 500Mi, 10Gi, 1Ti");
const hostName = matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "allowed is a host name, in lower case");
const cidr = matching(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, "allowed is a range of addresses: 203.0.113.0/24");

/** Anywhere but networks that are somebody's own, and the address at which clouds hand out credentials. */
const internet = {
  to: ["0.0.0.0/0"],
  except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
};

const storage = object({
  /** Storage class of what one pod writes; the cluster's default. */
  class: name.optional(),
  /** Storage class of what pods on many nodes write (ReadWriteMany); the cluster's default. */
  sharedClass: name.optional(),
  postgres: size.default("10Gi"),
  redis: size.default("2Gi"),
  logs: size.default("10Gi"),
  data: size.default("10Gi"),
});

const ingress = object({
  class: name,
  /** Namespace of the ingress controller, whose pods alone are let in. */
  namespace: name,
  webserver: hostName,
  flower: hostName.optional(),
  /** A Secret of type kubernetes.io/tls in the stack's namespace. */
  tlsSecret: name,
});

const kubernetes = object({
  /** Of the kubeconfig; its current one. */
  context: z.string().optional(),
  namespace: name.optional(),
  /** Secrets of type kubernetes.io/dockerconfigjson in the namespace. */
  pullSecrets: z.array(name).default([]),
  storage: storage.prefault({}),
  ingress: ingress.optional(),
  /** Addresses outside the cluster that tasks may open connections to. */
  egress: object({ to: z.array(cidr), except: z.array(cidr).default([]) }).default(internet),
  /** Nodes for everything but workers. */
  controlLabels: labels.default({}),
});

const imageName = z
  .string({ error: "allowed is an image name" })
  .min(1, { error: "allowed is an image name" });

/** Settings that the stack mints or decides itself, each for the roles that need it. */
const reserved = [
  "api.secret_key",
  "api_auth.jwt_secret",
  "celery.broker_url",
  "celery.flower_basic_auth",
  "celery.result_backend",
  "core.executor",
  "core.fernet_key",
  "database.sql_alchemy_conn",
];

const sections =
  "allowed are sections of airflow.cfg, each with keys and their values: { core: { parallelism: 32 } }";
const value = z.union([z.string(), z.number(), z.boolean()], {
  error: "allowed is a text, a number or a boolean",
});

const airflowSettings = z
  .record(z.string(), z.record(z.string(), value, { error: sections }), { error: sections })
  .superRefine((given, context) => {
    for (const [section, keys] of Object.entries(given)) {
      for (const key of Object.keys(keys)) {
        if (!reserved.includes(`${section}.${key}`.toLowerCase())) continue;
        context.addIssue({
          code: "custom",
          path: [section, key],
          message: "it is the stack's own and cannot be set",
        });
      }
    }
  })
  .transform((given): AirflowSettings => {
    // Airflow's own spelling of a boolean.
    const spell = (plain: unknown) => (plain === true ? "True" : plain === false ? "False" : String(plain));
    const spelt = Object.entries(given).map(([section, keys]) => {
      return [section, Object.fromEntries(Object.entries(keys).map(([key, plain]) => [key, spell(plain)]))];
    });
    return Object.fromEntries(spelt);
  });

/** What a stack may say, by key without the project's prefix. */
export const schema = object({
  platform: z
    .enum(["docker", "kubernetes"], { error: "allowed are docker and kubernetes" })
    .default("docker"),
  workers: whole(0, 1000).optional(),
  workerConcurrency: concurrency.default(4),
  workerGraceSeconds: whole(1, 86400).default(300),
  workerMemory: memory.default(2048),
  workerCpu: cpu.default(2),
  workerAutoscale: range.optional(),
  machines: z
    .array(machine, { error: "allowed is a list of machines" })
    .min(1, { error: "allowed is at least one machine" })
    .optional(),
  gatewayPort: whole(1, 65535).default(8443),
  certificateGeneration: whole(1, 1_000_000).default(1),
  workerGroups: z.array(workerGroup, { error: "allowed is a list of worker groups" }).default([]),
  schedulers: whole(1, 10).default(1),
  webservers: whole(1, 10).default(1),
  webserverPort: whole(1, 65535).default(8080),
  flowerPort: whole(1, 65535).default(5555),
  adminUser: matching(
    /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
    "allowed are letters, digits, '_', '.' and '-', a letter first, 64 at most",
  ).default("admin"),
  dags: z.coerce.string().prefault("dags").transform(directory),
  dagsImage: matching(
    /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+$/,
    "allowed is a repository of an image registry, without a tag: registry.example.com/team/dags",
  ).optional(),
  dagsGit: object({
    url: matching(
      /^https?:\/\/[^\s@]+$/,
      "allowed is the http or https URL of a Git repository, without a login",
    ),
    ref: queue.default("main"),
    folder: matching(/^[^/\s][^\s]*$/, "allowed is a folder of the repository").optional(),
  }).optional(),
  images: object({
    airflow: imageName.default(() => localImage("airflow")),
    postgres: imageName.default(() => localImage("postgres")),
    redis: imageName.default(() => localImage("redis")),
    gateway: imageName.default(() => localImage("gateway")),
  }).prefault({}),
  settings: airflowSettings.prefault({}),
  kubernetes: kubernetes.optional(),
});

export type MachineSettings = z.output<typeof machine>;
export type Given = z.input<typeof schema>;
export type Parsed = z.output<typeof schema>;
/** What a stack gets that says nothing about its cluster. */
export const kubernetesDefaults = kubernetes.parse({});

export type KubernetesSettings = z.output<typeof kubernetes>;
