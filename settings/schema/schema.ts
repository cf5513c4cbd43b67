import type { z } from "zod";
import { platformNames } from "../../capabilities.ts";
import { roleTable } from "../../roles.ts";
import { airflowCfg } from "./airflowCfg.ts";
import { dagBundle, dagsGit } from "./dags/dagsGit.ts";
import { declarationKeys, login as loginName } from "./declarations.ts";
import { kubernetes } from "./kubernetes.ts";
import { machine } from "./machines.ts";
import { tracing } from "./observing/tracing.ts";
import { directory, file } from "./paths.ts";
import { login } from "./people/login.ts";
import { publish } from "./publish.ts";
import { extraHosts, extrasByRole, proxy } from "./roles.ts";
import { secret } from "./secret.ts";
import { pgbouncer, postgres, redis, retention } from "./services.ts";
import { monitoring } from "./upkeep/monitoring.ts";
import { backup, canary } from "./upkeep/schedules.ts";
import {
  addressOrRange,
  cpu,
  flag,
  imageName,
  imageRepository,
  labels,
  list,
  matching,
  memory,
  object,
  oneOf,
  port,
  range,
  text,
  whole,
} from "./values.ts";
import { defaultVersion, knownVersions } from "./versions.ts";
import { concurrency, defaultWorkers, workerGroup } from "./workers.ts";

const images = object({
  airflow: imageName.optional().describe("Image of Airflow, compatible with the official `apache/airflow`."),
  postgres: imageName.optional().describe("Image of Postgres, compatible with the official `postgres`."),
  redis: imageName.optional().describe("Image of Redis, built from `images/redis`."),
  gateway: imageName
    .optional()
    .describe("Image of the gateway between machines, built from `images/gateway`."),
  pgbouncer: imageName
    .optional()
    .describe("Image of PgBouncer, which runs in front of Postgres if `pgbouncer` is set."),
  backup: imageName
    .optional()
    .describe(
      "Image that backs up and restores if `backup` is set, built from `images/backup`; its `pg_dump` must not be older than the server.",
    ),
  monitoring: imageName
    .optional()
    .describe("Image that stores and shows metrics if `monitoring` is set, built from `images/monitoring`."),
});

/** Secrets of the stack, which a stack file may give, or have minted again; with their purpose, for the docs. */
const stackSecrets = {
  adminPassword: "Password of `adminUser`, for Airflow, for Flower and for the monitoring.",
  brokerPassword: "Password of Airflow in Redis.",
  fernetKey: "Encrypts connections and variables in the database.",
  jwtSecret: "Signs the tokens that tasks and logins show to the webserver.",
  apiSecretKey: "Signs sessions, and requests for logs.",
  metadataPassword: "Password of Airflow's user in Postgres.",
  resultsPassword: "Password of the user in Postgres that may read and write task results, and nothing else.",
  postgresPassword: "Password of the superuser in Postgres.",
  backupKey: "Encrypts backups: a text of at least 16 characters, or a key of age.",
} as const;
export type SecretName = keyof typeof stackSecrets;
export const secretNames = Object.keys(stackSecrets) as SecretName[];

function bySecret<T extends z.ZodType>(value: T) {
  const entries = secretNames.map((key) => [key, value.describe(stackSecrets[key])]);
  return object(Object.fromEntries(entries) as Record<SecretName, T>);
}

/** Schema of a stack, by key without the project's prefix. */
export const schema = object({
  platform: oneOf(...platformNames)
    .default("docker")
    .describe("Where the stack runs: on Docker engines, or in a Kubernetes cluster."),
  version: text
    .default(defaultVersion)
    .describe(
      `Version of Airflow: ${knownVersions.join(" or ")}; a version that is not built here needs \`images.airflow\`.`,
    ),
  production: flag
    .default(false)
    .describe("Rejects values that suit only a trial, such as floating image tags."),
  migrationSeconds: whole(60, 604_800)
    .default(3600)
    .describe("Seconds that the migration of the database may take; a large database may need hours."),
  workers: whole(0, 1000)
    .optional()
    .describe("Number of workers, named `worker-1` and so on, unless `machines` counts them.")
    .meta({ default: defaultWorkers }),
  workerConcurrency: concurrency.default(4).describe("Tasks that one worker runs at once."),
  workerMinConcurrency: concurrency
    .optional()
    .describe("Processes that an idle worker keeps; with more work it grows to `workerConcurrency`."),
  workerMemory: memory.default(2048).describe("MiB that one worker may use."),
  workerCpu: cpu.default(2).describe("Cores that one worker may use."),
  workerGraceSeconds: whole(1, 86400)
    .default(300)
    .describe("Seconds that running tasks get to finish when their worker is stopped."),
  workerAutoscale: range
    .optional()
    .describe(
      "On Kubernetes, instead of `workers`: as many workers as queued and running tasks need, `{ min: 1, max: 10 }`.",
    ),
  workerGroups: list(workerGroup, "worker groups")
    .default([])
    .describe(
      'Further workers, for their own queues: `[{ name: reports, queues: [reports], workers: 2, memory: 8192 }]`. A task chooses these workers with `queue="reports"`.',
    ),
  machines: list(machine, "machines")
    .min(1, { error: "expected at least one machine" })
    .optional()
    .describe(
      "Machines, each with its number of workers instead of `workers`: `[{ name: big, docker: ssh://airflow@10.0.0.11, address: 10.0.0.11, workers: 4 }]`, in a cluster `[{ name: big, node: node-a, workers: 4 }]`.",
    ),
  gatewayPort: port
    .default(8443)
    .describe(
      "With several machines on Docker: port of each machine's gateway, the only one published at its address.",
    ),
  certificateGeneration: whole(1, 1_000_000)
    .default(1)
    .describe(
      "With several machines on Docker: another number replaces, without interruption, the authority by which machines trust each other; the previous one stays trusted until the next change.",
    ),
  schedulers: whole(1, 10).default(1).describe("Number of schedulers, which share the work."),
  webservers: whole(1, 10)
    .default(1)
    .describe("Number of webservers; on Docker the second one has the next port."),
  triggerers: whole(1, 10)
    .default(1)
    .describe("Number of triggerers, which share the deferred tasks and stand in for each other."),
  webserverPort: port.default(roleTable.webserver.port).describe("Port of the webserver on 127.0.0.1."),
  flowerPort: port.default(roleTable.flower.port).describe("Port of Flower on 127.0.0.1."),
  monitoringPort: port.default(9090).describe("Port of the monitoring on 127.0.0.1."),
  publish: publish
    .optional()
    .describe(
      "On Docker: lets other machines reach the webserver, Flower and the monitoring, over TLS: `{ address: 10.0.0.10, certificate: tls.pem, key: { file: tls.key } }`. Without it all are at 127.0.0.1 only.",
    ),
  trustedProxies: list(addressOrRange, "addresses")
    .default([])
    .describe(
      "On Docker: addresses, or ranges of addresses, of a reverse proxy of your own: `[172.18.0.1]`. The webserver believes `X-Forwarded-*` headers from these addresses only.",
    ),
  adminUser: loginName
    .default("admin")
    .describe("Login of the first administrator, of Flower and of the monitoring."),
  login: login
    .optional()
    .describe(
      "Lets people log in at a provider of OpenID Connect or a directory: `{ oidc: { issuer: https://login.example.com/realms/team, … }, roles: { data-team: User } }`. `adminUser` and `users` keep their passwords. Flower is then at `/flower/` of the webserver, for Admins.",
    ),
  canary: canary
    .optional()
    .describe(
      "Proves at an interval that every queue and every worker works, as `npm run prove` does: `{ every: 5m }`.",
    ),
  monitoring: monitoring
    .optional()
    .describe("Collects metrics, shows dashboards and raises alerts: `{ retention: 30d }`."),
  retention: retention
    .prefault({})
    .describe(
      "Ages at which logs, runs and results are removed: `{ logs: 30d, metadata: 90d, results: 7d }`.",
    ),
  backup: backup
    .optional()
    .describe(
      "Takes an encrypted backup at an interval, and proves each by restoring it: `{ every: 6h, keep: 14 }`.",
    ),
  dags: directory.prefault("dags").describe("Folder of DAG files, relative to the project."),
  plugins: directory
    .optional()
    .describe(
      "Folder of Airflow plugins and of modules that every role may import; default: `plugins` beside the DAG folder, if there is one.",
    ),
  config: directory
    .optional()
    .describe(
      "Folder of modules that Airflow's settings name, `airflow_local_settings.py` and `webserver_config.py`; default: `config` beside the DAG folder, if there is one.",
    ),
  dagsImage: imageRepository
    .optional()
    .describe(
      "Repository of an image registry. The DAG folder is built into an image and pushed there, instead of being mounted.",
    ),
  dagsGit: dagsGit
    .optional()
    .describe(
      "Git repository that Airflow reads by itself, every 30 s: `{ url: https://git.example.com/team/dags.git, ref: main, folder: dags }`.",
    ),
  dagBundles: list(dagBundle, "repositories")
    .default([])
    .describe(
      "Further Git repositories, each a bundle of its own beside the other DAGs: `[{ name: team-b, url: https://git.example.com/b/dags.git }]`.",
    ),
  images: images
    .prefault({})
    .describe(
      "Image names, instead of those built from `images/`: `{ airflow: registry.example.com/airflow@sha256:… }`.",
    ),
  requirements: file
    .optional()
    .describe("File in the format of requirements.txt, with Python packages that your DAGs need."),
  systemPackages: list(
    matching(
      /^[a-z0-9][a-z0-9.+-]+(=[A-Za-z0-9.+~:-]+)?$/,
      "expected the name of a Debian package, and =VERSION if need be",
    ),
    "Debian packages",
  )
    .default([])
    .describe("Debian packages that your DAGs need."),
  kubernetes: kubernetes.optional().describe("Where and how the stack runs in a cluster."),
  tracing: tracing
    .optional()
    .describe(
      "Sends OpenTelemetry spans of Airflow's roles and tasks to a receiver of yours: `{ endpoint: http://collector.example.com:4318 }`.",
    ),
  logFormat: oneOf("text", "json")
    .default("text")
    .describe("Format of the lines that Airflow's roles write to standard output."),
  settings: airflowCfg
    .prefault({})
    .describe(
      "Any setting of `airflow.cfg`, by section and key: `{ core: { max_active_tasks_per_dag: 2 } }`.",
    ),
  postgres: postgres.prefault({}).describe("The database: the stack's own, or an external one."),
  redis: redis.prefault({}).describe("The broker: the stack's own, or an external one."),
  pgbouncer: pgbouncer
    .optional()
    .describe("Lets many workers and schedulers share few connections to Postgres."),
  secrets: bySecret(secret.optional())
    .prefault({})
    .describe(
      "Secrets that are given instead of minted; `npm run secret -- secrets.fernetKey` writes one, encrypted.",
    ),
  secretGenerations: bySecret(whole(1, 1_000_000).optional())
    .prefault({})
    .describe(
      "Another number mints a secret again; the previous value stays valid until `previousSecrets` drops it.",
    ),
  previousSecrets: oneOf("valid", "dropped")
    .default("valid")
    .describe("Says whether replaced secrets stay valid beside the new ones, or are dropped."),
  ...declarationKeys,
  declarations: file
    .optional()
    .describe(
      "A file with `connections`, `variables`, `pools` and `users`; default: `airflow.yaml`, if there is one.",
    ),
  deleteUndeclared: flag
    .default(false)
    .describe("Deletes entries from Airflow that were once declared and no longer are."),
  roles: extrasByRole
    .prefault({})
    .describe("Additions to roles: `{ all: { env: { TZ: Europe/Berlin } }, scheduler: { memory: 2048 } }`."),
  labels: labels
    .default({})
    .describe(
      "Labels of everything that the stack creates: `{ team: data }`. Docker's networks and volumes keep the labels that they were created with.",
    ),
  extraHosts: extraHosts.describe(
    "Additional host names, for Airflow's roles and for the services that connect to external ones: `{ db.example.com: 10.0.0.7 }`.",
  ),
  proxy: proxy
    .optional()
    .describe(
      "HTTP proxies for roles that connect to the outside, such as workers: `{ http: http://proxy.example.com:3128, https: http://proxy.example.com:3128 }`.",
    ),
  caCertificates: list(file, "files")
    .default([])
    .describe("Files with private authorities that Airflow trusts besides the public ones, in PEM."),
});

/** Values of a stack as a file or a program gives them, by key without the project's prefix. */
export type RawConfig = z.input<typeof schema>;
/** Values of a stack with their defaults, before `resolved` turns them into images and worker groups. */
export type ParsedConfig = z.output<typeof schema>;
