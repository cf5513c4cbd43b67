import type { BadRow } from "./rows.ts";

/** Numbers and names that contradict each other. */
export const numbers: readonly BadRow[] = [
  {
    name: "monitoring.retention: 12h",
    config: `config:
  airflow:monitoring: { retention: 12h }
`,
    says: ["2: monitoring.retention is 12h; expected whole days, 9999d at most: 30d"],
    expressible: true,
  },
  {
    name: "monitoring: sometimes",
    config: `config:
  airflow:monitoring: sometimes
`,
    says: ["2: monitoring is text; expected an object with retention, alerts, scrape"],
    expressible: true,
  },
  {
    name: "monitoring at Flower's port",
    config: `config:
  airflow:monitoring: {}
  airflow:flowerPort: 9090
`,
    says: ["3: flowerPort is 9090; the monitoring has port 9090 too: expected different ports"],
    expressible: false,
  },
  {
    name: "an address of metrics with a login, and a mail server without a port",
    config: `config:
  airflow:monitoring:
    scrape: ["http://me:word@10.0.0.5/metrics"]
    alerts: { email: { to: ops@example.com, from: airflow, server: mail } }
`,
    says: [
      "3: monitoring.scrape[0] is http://…@10.0.0.5/metrics; expected the URL of metrics, without a login: http://10.0.0.5:9100/metrics",
      "4: monitoring.alerts.email.from is airflow; expected one e-mail address, without a name: ops@example.com",
      "4: monitoring.alerts.email.server is mail; expected the name and the port of a mail server: mail.example.com:587",
    ],
    expressible: true,
  },
  {
    name: "a task timeout that is longer than a stopping worker waits",
    config: `config:
  airflow:settings: { core: { default_task_execution_timeout: 600 } }
`,
    says: [
      "2: settings.core.default_task_execution_timeout is 600; expected at most workerGraceSeconds, 300 s: a stopping worker would end tasks that may take longer",
    ],
    expressible: false,
  },
  {
    name: "a migration limit below a minute",
    config: `config:
  airflow:migrationSeconds: 30
`,
    says: ["2: migrationSeconds is 30; expected a whole number from 60 to 604800"],
    expressible: true,
  },
  {
    name: "a grace that is shorter than the longest task",
    config: `config:
  airflow:workerGraceSeconds: 60
  airflow:settings: { core: { default_task_execution_timeout: 61 } }
`,
    says: [
      "2: workerGraceSeconds is 60; expected at least settings.core.default_task_execution_timeout, 61 s: a stopping worker would end tasks that may take longer",
    ],
    expressible: false,
  },
  {
    name: "a grace of a day",
    config: `config:
  airflow:workerGraceSeconds: 86400
`,
    says: [
      "2: workerGraceSeconds is 86400; expected less than settings.celery_broker_transport_options.visibility_timeout, 86400 s: Redis would hand a task that a stopping worker still runs to a second worker",
    ],
    expressible: false,
  },
  {
    name: "a visibility timeout within the grace",
    config: `config:
  airflow:workerGraceSeconds: 400
  airflow:settings: { celery_broker_transport_options: { visibility_timeout: 400 } }
`,
    says: [
      "3: settings.celery_broker_transport_options.visibility_timeout is 400; expected more than workerGraceSeconds, 400 s: Redis would hand a task that a stopping worker still runs to a second worker",
    ],
    expressible: false,
  },
  {
    name: "a visibility timeout below the heartbeat timeout",
    config: `config:
  airflow:workerGraceSeconds: 10
  airflow:settings: { celery_broker_transport_options: { visibility_timeout: 20 } }
`,
    says: [
      "3: settings.celery_broker_transport_options.visibility_timeout is 20; expected more than settings.scheduler.task_instance_heartbeat_timeout, 300 s: Redis would hand a task to a second worker before the first one counts as dead",
    ],
    expressible: false,
  },
  {
    name: "a heartbeat timeout of one heartbeat",
    config: `config:
  airflow:settings: { scheduler: { task_instance_heartbeat_timeout: 60, task_instance_heartbeat_sec: 30 } }
`,
    says: [
      "2: settings.scheduler.task_instance_heartbeat_timeout is 60; expected more than twice settings.scheduler.task_instance_heartbeat_sec, 60 s: one late heartbeat would end a healthy task",
    ],
    expressible: false,
  },
  {
    name: "a heartbeat as rare as half of the timeout",
    config: `config:
  airflow:settings: { scheduler: { task_instance_heartbeat_sec: 150 } }
`,
    says: [
      "2: settings.scheduler.task_instance_heartbeat_sec is 150; expected less than half of settings.scheduler.task_instance_heartbeat_timeout, 300 s: one late heartbeat would end a healthy task",
    ],
    expressible: false,
  },
  {
    name: "a check for dead tasks that is rarer than the heartbeat timeout",
    config: `config:
  airflow:settings: { scheduler: { task_instance_heartbeat_timeout_detection_interval: 600 } }
`,
    says: [
      "2: settings.scheduler.task_instance_heartbeat_timeout_detection_interval is 600; expected at most settings.scheduler.task_instance_heartbeat_timeout, 300 s: a dead task would be noticed too late",
    ],
    expressible: false,
  },
  {
    name: "a token that expires before its task counts as dead",
    config: `config:
  airflow:settings: { execution_api: { jwt_expiration_time: 20 } }
`,
    says: [
      "2: settings.execution_api.jwt_expiration_time is 20; expected more than settings.scheduler.task_instance_heartbeat_timeout, 300 s: a running task's token, which its heartbeats renew, would expire before the task counts as dead",
    ],
    expressible: false,
  },
  {
    name: "a timeout of queued tasks that is shorter than the interval of its check",
    config: `config:
  airflow:settings: { scheduler: { task_queued_timeout: 60 } }
`,
    says: [
      "2: settings.scheduler.task_queued_timeout is 60; expected more than settings.scheduler.task_queued_timeout_check_interval, 120 s: tokens of queued tasks would expire before the check looks at them",
    ],
    expressible: false,
  },
  {
    name: "a timeout with a unit",
    config: `config:
  airflow:settings: { scheduler: { task_queued_timeout: 1h } }
`,
    says: ["2: settings.scheduler.task_queued_timeout is 1h; expected a number of seconds"],
    expressible: false,
  },
  {
    name: "settings that Airflow cannot convert, or knows other values of",
    config: `config:
  airflow:settings:
    core: { load_examples: maybe, default_timezone: europe/Berlin, default_task_retries: 1.5, max_active_runs_per_dag: "" }
    logging: { logging_level: LOUD }
    scheduler: { orphaned_tasks_check_interval: 5 min }
    Triggerer: { Capacity: 1k }
`,
    says: [
      "3: settings.core.default_task_retries is 1.5; expected a whole number",
      "3: settings.core.default_timezone is europe/Berlin; expected the name of a time zone, such as Europe/Berlin, or system",
      "3: settings.core.load_examples is maybe; expected true or false",
      "3: settings.core.max_active_runs_per_dag is empty text; expected a whole number",
      "4: settings.logging.logging_level is LOUD; expected CRITICAL, FATAL, ERROR, WARN, WARNING, INFO, DEBUG",
      "5: settings.scheduler.orphaned_tasks_check_interval is 5 min; expected a number",
      "6: settings.Triggerer.Capacity is 1k; expected a whole number",
    ],
    expressible: false,
  },
  {
    name: "a port beyond the last, an unknown way to start processes, and an unknown place for logs",
    config: `config:
  airflow:settings:
    core: { mp_start_method: thread }
    metrics: { statsd_port: 70000 }
    smtp: { SMTP_Port: 0 }
    logging: { remote_logging: true, remote_base_log_folder: s3//bucket/logs }
`,
    says: [
      "3: settings.core.mp_start_method is thread; expected fork, spawn or forkserver",
      "4: settings.metrics.statsd_port is 70000; expected a port from 1 to 65535",
      "5: settings.smtp.SMTP_Port is 0; expected a port from 1 to 65535",
      "6: settings.logging.remote_base_log_folder is s3//bucket/logs; Airflow knows no such place for logs: expected s3://BUCKET/logs, or the same with gs, wasb, oss, hdfs, cloudwatch or stackdriver",
    ],
    expressible: false,
  },
  {
    name: "a login in the place of logs",
    config: `config:
  airflow:settings: { logging: { remote_logging: true, remote_base_log_folder: "s3://ann:s3cret@bucket/logs" } }
`,
    says: [
      "2: settings.logging.remote_base_log_folder is s3://…@bucket/logs; everybody with access to the engine or the cluster could read its login: expected none, and the login in connections",
    ],
    expressible: false,
  },
  {
    name: "a pool with the name of the canary's",
    config: `config:
  airflow:pools: { airflow_on_celery.canary: { slots: 1 } }
`,
    says: ['2: pools["airflow_on_celery.canary"] is {…}; the stack\'s canary has it: expected another name'],
    expressible: false,
  },
  {
    name: "schedulers that queue fewer tasks than the workers run",
    config: `config:
  airflow:workers: 10
  airflow:workerConcurrency: 8
  airflow:postgres: { settings: { max_connections: 200 } }
  airflow:schedulers: 2
  airflow:settings: { core: { parallelism: 32 } }
`,
    says: [
      "6: settings.core.parallelism is 32; the workers run 80 tasks at once, but 2 scheduler(s) with 32 each queue 64: expected at least 40; the stack's default is 56",
    ],
    expressible: false,
  },
  {
    name: "more tasks than the webserver can take heartbeats from",
    config: `config:
  airflow:workers: 100
  airflow:postgres: { settings: { max_connections: 600 } }
`,
    says: [
      "1: webservers is 1; 400 task slots x 9 ms / 5 s between heartbeats = 0.72 of a core, and 1 x 1 webserver process(es) may spend 0.25 on them: expected at least 3, or settings.api.workers at least 3, or settings.workers.min_heartbeat_interval at least 15",
    ],
    expressible: false,
  },
  {
    name: "heartbeats that are too frequent for the webserver",
    config: `config:
  airflow:webservers: 1
  airflow:workers: 20
  airflow:postgres: { settings: { max_connections: 200 } }
  airflow:settings: { workers: { min_heartbeat_interval: 1 } }
`,
    says: [
      "2: webservers is 1; 80 task slots x 9 ms / 1 s between heartbeats = 0.72 of a core, and 1 x 1 webserver process(es) may spend 0.25 on them: expected at least 3, or settings.api.workers at least 3, or settings.workers.min_heartbeat_interval at least 3",
    ],
    expressible: false,
  },
  {
    name: "a parallelism below the slots of all autoscaled workers",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:workerAutoscale: { min: 0, max: 10 }
  airflow:settings: { core: { parallelism: 39 } }
`,
    says: [
      "6: settings.core.parallelism is 39; the workers run 40 tasks at once, but 1 scheduler(s) with 39 each queue 39: expected at least 40; the stack's default is 56",
    ],
    expressible: false,
  },
  {
    name: "a parallelism of 0",
    config: `config:
  airflow:settings: { core: { parallelism: 0 } }
`,
    says: ["2: settings.core.parallelism is 0; expected a whole number from 1 to 999999999"],
    expressible: false,
  },
  {
    name: "a parallelism beyond the last, and numbers and a boolean in quotes",
    config: `config:
  airflow:settings: { core: { parallelism: 9999999999 } }
  airflow:pools: { a: { slots: "4", includeDeferred: "true" }, b: { slots: "four" } }
  airflow:workerGroups: [{ name: a, queues: [a], cpu: "0.5" }]
`,
    says: [
      "2: settings.core.parallelism is 9999999999; expected a whole number from 1 to 999999999",
      '3: pools.a.includeDeferred is "true"; expected true or false: remove the quotes',
      '3: pools.a.slots is "4"; expected a whole number from -1 to 1000000: remove the quotes',
      "3: pools.b.slots is four; expected a whole number from -1 to 1000000",
      '4: workerGroups[0].cpu is "0.5"; expected a number of cores from 0.1 to 1024: remove the quotes',
    ],
    expressible: true,
  },
  {
    name: "more concurrent tasks than the workers' memory allows",
    config: `config:
  airflow:workerConcurrency: 32
  airflow:postgres: { settings: { max_connections: 200 } }
`,
    says: [
      "2: workerConcurrency is 32; a worker takes 230 MiB and 70 MiB for each task: expected at most 25 with 2048 MiB, or at least 2470 MiB",
    ],
    expressible: false,
  },
  {
    name: "less memory than the workers' concurrent tasks take",
    config: `config:
  airflow:workerMemory: 256
`,
    says: [
      "2: workerMemory is 256; a worker takes 230 MiB and 70 MiB for each task: expected at least 510 MiB for 4 tasks at once",
    ],
    expressible: false,
  },
  {
    name: "a group with more concurrent tasks than its memory allows",
    config: `config:
  airflow:workerGroups:
    - { name: big, queues: [big], concurrency: 16, memory: 1024 }
`,
    says: [
      "3: workerGroups[0].memory is 1024; a worker takes 230 MiB and 70 MiB for each task: expected at least 1350 MiB for 16 tasks at once",
    ],
    expressible: false,
  },
  {
    name: "a pool with more slots than all workers have",
    config: `config:
  airflow:pools:
    api: { slots: 8 }
    wide: { slots: 9 }
    any: { slots: -1 }
`,
    says: [
      "4: pools.wide.slots is 9; all workers together run 8 tasks at once: expected at most 8, or -1 for no limit",
    ],
    expressible: false,
  },
  {
    name: "a webserver beyond the last port",
    config: `config:
  airflow:webservers: 3
  airflow:webserverPort: 65534
`,
    says: ["3: webserverPort is 65534; 3 webservers have ports 65534 to 65536: expected 65533 at most"],
    expressible: false,
  },
  {
    name: "a gateway with Flower's port",
    config: `config:
  airflow:gatewayPort: 5555
  airflow:workerGroups: [{ name: gpu, queues: [gpu] }]
  airflow:machines:
    - { name: a, docker: "unix:///var/run/docker.sock", address: 10.0.0.1, workers: 1 }
    - { name: b, docker: "ssh://b", address: 10.0.0.2, workers: { gpu: 1 } }
`,
    says: ["2: gatewayPort is 5555; Flower has port 5555 too: expected different ports"],
    expressible: false,
  },
  {
    name: "a webserver with the monitoring's port",
    config: `config:
  airflow:monitoring: {}
  airflow:webserverPort: 9090
`,
    says: ["3: webserverPort is 9090; the monitoring has port 9090 too: expected different ports"],
    expressible: false,
  },
  {
    name: "a webserver with the gateway's port",
    config: `config:
  airflow:webserverPort: 8443
  airflow:workerGroups: [{ name: gpu, queues: [gpu] }]
  airflow:machines:
    - { name: a, docker: "unix:///var/run/docker.sock", address: 10.0.0.1, workers: 1 }
    - { name: b, docker: "ssh://b", address: 10.0.0.2, workers: { gpu: 1 } }
`,
    says: ["2: webserverPort is 8443; the gateway has port 8443 too: expected different ports"],
    expressible: false,
  },
  {
    name: "an autoscaling minimum above the maximum",
    config: `config:
  airflow:platform: kubernetes
  airflow:dagsImage: r.example.com/dags
  airflow:images: { airflow: r/airflow:1, postgres: r/postgres:1, redis: r/redis:1 }
  airflow:workerAutoscale: { min: 5, max: 3 }
`,
    says: ["5: workerAutoscale is {…}; expected min to be at most max"],
    expressible: false,
  },
  {
    name: "a default queue that no worker reads",
    config: `config:
  airflow:workers: 0
  airflow:workerGroups: [{ name: gpu, queues: [gpu] }]
  airflow:settings: { operators: { default_queue: main } }
`,
    says: [
      "4: settings.operators.default_queue is main; no worker takes tasks from it, since the default group has no workers: expected a queue of a worker group: gpu; or workers",
    ],
    expressible: false,
  },
  {
    name: "a default queue with a comma",
    config: `config:
  airflow:settings: { operators: { default_queue: "a,b" } }
`,
    says: [
      "2: settings.operators.default_queue is a,b; expected letters, digits, '_', '.' and '-', 100 at most",
    ],
    expressible: false,
  },
  {
    name: "an empty default queue",
    config: `config:
  airflow:settings: { operators: { default_queue: "" } }
`,
    says: [
      "2: settings.operators.default_queue is empty text; expected letters, digits, '_', '.' and '-', 100 at most",
    ],
    expressible: false,
  },
  {
    name: "a queue that is listed twice",
    config: `config:
  airflow:workerGroups: [{ name: gpu, queues: [gpu, fast, gpu] }]
`,
    says: ["2: workerGroups[0].queues[2] is gpu; expected each queue once"],
    expressible: false,
  },
  {
    name: "two groups whose workers have one name, by their machine",
    config: `config:
  airflow:workerGroups:
    - { name: gpu, queues: [gpu] }
    - { name: gpu-b, queues: [other] }
  airflow:machines:
    - { name: a, docker: "unix:///var/run/docker.sock", address: 10.0.0.1, workers: 1 }
    - { name: b, docker: "ssh://b", address: 10.0.0.2, workers: { gpu: 1 } }
`,
    says: [
      "4: workerGroups[1].name is gpu-b; group gpu-b and group gpu on machine b would both be worker-gpu-b: expected another name for one of them",
    ],
    expressible: false,
  },
  {
    name: "no processes of the webserver",
    config: `config:
  airflow:settings: { api: { workers: 0 } }
`,
    says: ["2: settings.api.workers is 0; no webserver would answer: expected 1 or more"],
    expressible: false,
  },
  {
    name: "connections of Postgres that are no number",
    config: `config:
  airflow:postgres: { settings: { max_connections: abc } }
`,
    says: ["2: postgres.settings.max_connections is abc; expected a number from 1 to 262143"],
    expressible: false,
  },
  {
    name: "a user with the administrator's login",
    config: `config:
  airflow:users: { admin: { password: { file: test/unit/settings/bad/files/key-example } } }
`,
    says: [
      "2: users.admin is {…}; adminUser has this login: expected another one; its password is secrets.adminPassword",
    ],
    expressible: false,
  },
];
