import { schema } from "../../../../settings/schema/schema.ts";
import type { BadRow } from "./rows.ts";

const keys = Object.keys(schema.shape).join(", ");

/** Several faults at once. */
export const several: readonly BadRow[] = [
  {
    name: "faults of all kinds",
    config: `config:
  airflow:workers: 1001
  airflow:workerMemory: 100
  airflow:flowerPort: 8080
  airflow:platfrom: docker
  airflow:kubernetes: { namespace: x }
  airflow:images: { airflwo: x }
  airflow:settings:
    core: { executor: LocalExecutor, parallelism: [] }
    celery_broker_transport_options: { visibility_timeout: 10 }
  airflow:secrets: { adminPassword: { file: test/unit/settings/bad/files/known }, admimPassword: x }
  airflow:redis: { settings: { maxmemory-policy: volatile-ttl } }
  airflow:roles: { worker: { volumes: { /s: /run/docker.sock } } }
`,
    says: [
      "2: workers is 1001; expected a whole number from 0 to 1000",
      "3: workerMemory is 100; a worker takes 230 MiB and 70 MiB for each task: expected at least 510 MiB for 4 tasks at once",
      "4: flowerPort is 8080; the webserver has ports 8080 to 8080, and Flower 8080: expected different ports",
      `5: platfrom is unknown; did you mean platform? expected ${keys}`,
      "6: kubernetes is {…}; it needs platform: kubernetes",
      "7: images.airflwo is unknown; did you mean airflow? expected airflow, postgres, redis, gateway, pgbouncer, backup, monitoring",
      "9: settings.core.executor is LocalExecutor; the stack deploys Celery workers, to which no other executor gives tasks: expected CeleryExecutor, or no value",
      "9: settings.core.parallelism is {…}; expected text, a number or a boolean",
      "10: settings.celery_broker_transport_options.visibility_timeout is 10; expected more than settings.scheduler.task_instance_heartbeat_timeout, 300 s: Redis would hand a task to a second worker before the first one counts as dead",
      "10: settings.celery_broker_transport_options.visibility_timeout is 10; expected more than workerGraceSeconds, 300 s: Redis would hand a task that a stopping worker still runs to a second worker",
      "11: secrets.admimPassword is unknown; did you mean adminPassword? expected adminPassword, brokerPassword, fernetKey, jwtSecret, apiSecretKey, metadataPassword, resultsPassword, postgresPassword, backupKey",
      "11: secrets.adminPassword is {…}; it is well known: expected a password of at least 8 characters that nobody guesses; openssl rand -hex 24 makes one",
      "12: redis.settings.maxmemory-policy is volatile-ttl; a full broker would drop queued tasks: expected noeviction, with which it refuses new ones",
      "13: roles.worker.volumes./s is /run/docker.sock; a program with the engine's socket is root on the machine: expected a directory that holds only what tasks read, such as /srv/data, or the name of a volume",
    ],
    expressible: true,
  },
  {
    name: "a list with one wrong item",
    config: `config:
  airflow:workerGroups:
    - { name: a, queues: [q], memory: lots, concurrency: 40 }
    - { name: b, queues: [q, q], memory: 128 }
    - { name: c, queues: ["a b"] }
`,
    says: [
      "3: workerGroups[0].memory is lots; expected a whole number from 64 to 1048576",
      "4: workerGroups[1].memory is 128; a worker takes 230 MiB and 70 MiB for each task: expected at least 510 MiB for 4 tasks at once",
      "4: workerGroups[1].queues[1] is q; expected each queue once",
      "5: workerGroups[2].queues[0] is a b; expected letters, digits, '_', '.' and '-', 100 at most",
    ],
    expressible: true,
  },
  {
    name: "keys that are nearly known",
    config: `config:
  airflow:workerGroups: [{ name: a, queue: [q], queues: [q], concurency: 2 }]
  airflow:machine: []
  airflow:foo: 1
`,
    says: [
      "2: workerGroups[0].concurency is unknown; did you mean concurrency? expected name, queues, workers, concurrency, minConcurrency, memory, cpu, triggerers, machine, nodeLabels, tolerations, autoscale",
      "2: workerGroups[0].queue is unknown; did you mean queues? expected name, queues, workers, concurrency, minConcurrency, memory, cpu, triggerers, machine, nodeLabels, tolerations, autoscale",
      `3: machine is unknown; did you mean machines? expected ${keys}`,
      `4: foo is unknown; expected ${keys}`,
    ],
    expressible: true,
  },
];
