import type { BadRow } from "./rows.ts";

/** Settings and variables that would bypass decisions of the stack. */
export const pastTheStack: readonly BadRow[] = [
  {
    name: "options of Celery that the stack decides",
    config: `config:
  airflow:settings:
    celery:
      extra_celery_config: '{"broker_url": "redis://elsewhere:6379/0", "result_backend": "x", "worker_autoscale": "8,2", "worker_pool": "solo", "task_default_queue": "x", "BROKER_POOL_LIMIT": 5, "worker_max_tasks_per_child": 9}'
`,
    says: [
      "4: settings.celery.extra_celery_config is {…}; its BROKER_POOL_LIMIT bypasses the stack: Celery rejects a mix of old names and Airflow's new ones: expected the option's new name, in lower case",
      "4: settings.celery.extra_celery_config is {…}; its broker_url bypasses the stack: tasks are queued in the stack's Redis: expected redis.url",
      "4: settings.celery.extra_celery_config is {…}; its result_backend bypasses the stack: results are in the stack's Postgres: expected postgres.resultsUrl",
      "4: settings.celery.extra_celery_config is {…}; its task_default_queue bypasses the stack: expected workerGroups with queues, and settings.operators.default_queue",
      "4: settings.celery.extra_celery_config is {…}; its worker_autoscale bypasses the stack: expected workerConcurrency and workerMinConcurrency",
      "4: settings.celery.extra_celery_config is {…}; its worker_pool bypasses the stack: a worker must be able to end one task's process: expected no value; remove it",
    ],
    expressible: false,
  },
  {
    name: "options of Celery that are not an object",
    config: `config:
  airflow:settings: { celery: { extra_celery_config: worker_pool=solo } }
`,
    says: [
      "2: settings.celery.extra_celery_config is {…}; expected a JSON object as text, such as '{\"worker_max_tasks_per_child\": 100}'",
    ],
    expressible: false,
  },
  {
    name: "arguments of workers as settings",
    config: `config:
  airflow:settings:
    celery:
      worker_autoscale: 8,2
      worker_concurrency: 8
      pool: solo
      worker_enable_remote_control: false
      celery_config_options: team.CELERY
      ssl_active: false
    celery_broker_transport_options: { global_keyprefix: team }
`,
    says: [
      "4: settings.celery.worker_autoscale is {…}; workers get it as an argument: expected workerMinConcurrency and workerConcurrency",
      "5: settings.celery.worker_concurrency is {…}; workers get it as an argument: expected workerConcurrency",
      "6: settings.celery.pool is solo; a worker must be able to end one task's process and still send heartbeats: expected prefork, with workerConcurrency: 1 for one task at a time",
      "7: settings.celery.worker_enable_remote_control is False; npm run prove and Flower query workers this way: expected True, or no value",
      "8: settings.celery.celery_config_options is {…}; it replaces all of Celery's configuration, including the broker's address: expected settings.celery and settings.celery.extra_celery_config",
      "9: settings.celery.ssl_active is {…}; the broker's URL decides on TLS: expected redis.url with rediss://, and redis.ca",
      "10: settings.celery_broker_transport_options.global_keyprefix is {…}; the scheduler and the monitoring look for queues and leases by their names: expected redis.url with a database of its own, rediss://…/1",
    ],
    expressible: false,
  },
  {
    name: "a schema that the stack's Postgres does not have",
    config: `config:
  airflow:settings: { database: { sql_alchemy_schema: airflow } }
`,
    says: [
      "2: settings.database.sql_alchemy_schema is airflow; the stack's Postgres has no such schema: expected no value, or postgres.url",
    ],
    expressible: false,
  },
  {
    name: "settings with which Airflow starts, and runs no task or the same task twice",
    config: `config:
  airflow:schedulers: 2
  airflow:settings:
    core:
      unit_test_mode: true
      max_active_tasks_per_dag: 0
      max_active_runs_per_dag: -1
      default_pool_task_slot_count: 0
    scheduler:
      num_runs: 100
      max_dagruns_per_loop_to_schedule: 0
      max_dagruns_to_create_per_loop: 0
      use_row_level_locking: false
    dag_processor:
      parsing_processes: 0
      dag_file_processor_timeout: 0
      max_callbacks_per_loop: 0
    triggerer:
      queues_enabled: true
      max_trigger_to_select_per_loop: 0
      capacity: 0
`,
    says: [
      "5: settings.core.unit_test_mode is True; Airflow would use the keys of its own tests: expected False, or no value",
      "6: settings.core.max_active_tasks_per_dag is 0; no task would start: expected 1 or more",
      "7: settings.core.max_active_runs_per_dag is -1; no run would start: expected 1 or more",
      "8: settings.core.default_pool_task_slot_count is 0; no task of the default pool would start: expected 1 or more, or -1 for no limit",
      "10: settings.scheduler.num_runs is 100; the scheduler would end after so many loops, and start anew each time: expected -1, or no value",
      "11: settings.scheduler.max_dagruns_per_loop_to_schedule is 0; no run would go on: expected 1 or more",
      "12: settings.scheduler.max_dagruns_to_create_per_loop is 0; no run would be created: expected 1 or more",
      "13: settings.scheduler.use_row_level_locking is False; 2 schedulers would queue the same tasks: expected True, or no value",
      "15: settings.dag_processor.parsing_processes is 0; no DAG file would be read: expected 1 or more",
      "16: settings.dag_processor.dag_file_processor_timeout is 0; no DAG file would be read to its end: expected 1 or more",
      "17: settings.dag_processor.max_callbacks_per_loop is 0; no callback would run: expected 1 or more",
      "19: settings.triggerer.queues_enabled is True; the stack's triggerers read triggers without a queue, so other workers' deferred tasks would wait: expected workerGroups[].triggerers, for the groups that need triggerers of their own",
      "20: settings.triggerer.max_trigger_to_select_per_loop is 0; no deferred task would go on: expected 1 or more",
      "21: settings.triggerer.capacity is 0; no deferred task would go on: expected 1 or more",
    ],
    expressible: false,
  },
  {
    name: "settings with which the scheduler does nothing else, and tasks and logins end at once",
    config: `config:
  airflow:settings:
    core: { default_impersonation: etl }
    scheduler:
      task_instance_heartbeat_timeout: 0
      task_queued_timeout: 0
      max_tis_per_query: -5
      orphaned_tasks_check_interval: 0
      pool_metrics_interval: -1
    dag_processor: { stale_dag_threshold: 0 }
    api_auth: { jwt_expiration_time: 0 }
    api: { maximum_page_limit: 0 }
    workers: { execution_api_timeout: 0 }
`,
    says: [
      "3: settings.core.default_impersonation is etl; roles cannot become another user, so every task would fail: expected no value",
      "5: settings.scheduler.task_instance_heartbeat_timeout is 0; every running task would fail: expected 1 or more",
      "6: settings.scheduler.task_queued_timeout is 0; every queued task would fail: expected 1 or more",
      "7: settings.scheduler.max_tis_per_query is -5; no task would be queued: expected 1 or more, or 0 for no limit",
      "8: settings.scheduler.orphaned_tasks_check_interval is 0; the scheduler would do nothing else: expected more than 0",
      "9: settings.scheduler.pool_metrics_interval is -1; the scheduler would do nothing else: expected more than 0",
      "10: settings.dag_processor.stale_dag_threshold is 0; each DAG would go after each reading of its file: expected 1 or more",
      "11: settings.api_auth.jwt_expiration_time is 0; logins would end at once: expected 1 or more",
      "12: settings.api.maximum_page_limit is 0; lists would be empty: expected 1 or more",
      "13: settings.workers.execution_api_timeout is 0; no request of a task would have an answer: expected 1 or more",
    ],
    expressible: false,
  },
  {
    name: "the same in Airflow 2",
    config: `config:
  airflow:version: 2.11.2
  airflow:settings:
    webserver: { workers: 0 }
    scheduler: { scheduler_zombie_task_threshold: 0, zombie_detection_interval: 0 }
`,
    says: [
      "4: settings.webserver.workers is 0; no webserver would answer: expected 1 or more",
      "5: settings.scheduler.scheduler_zombie_task_threshold is 0; every running task would fail: expected 1 or more",
      "5: settings.scheduler.zombie_detection_interval is 0; the scheduler would do nothing else: expected more than 0",
    ],
    expressible: false,
  },
  {
    name: "logins in plain text, in settings and hosts",
    config: `config:
  airflow:settings:
    elasticsearch: { host: "https://u:s3cret@es.test:9200" }
    sentry: { release: "http://u:s3cret@a.test/" }
  airflow:connections: { a: { type: http, host: "https://u:s3cret@a.test" } }
`,
    says: [
      "3: settings.elasticsearch.host is https://…@es.test:9200; everybody with access to the engine or the cluster could read its login: expected none, and the login in connections",
      "4: settings.sentry.release is http://…@a.test/; everybody with access to the engine or the cluster could read its login: expected none, and the login in connections",
      "5: connections.a.host is https://…@a.test; everybody with access to the engine or the cluster could read its login: expected login and password beside the host",
    ],
    expressible: false,
  },
  {
    name: "hosts at which each container is alone",
    config: `config:
  airflow:settings: { metrics: { statsd_on: true, statsd_host: localhost, otel_on: false, otel_host: localhost } }
  airflow:monitoring: { alerts: { email: { to: a@a.test, from: b@a.test, server: "localhost:25" } } }
`,
    says: ["2: settings.metrics.statsd_host is {…}", "3: monitoring.alerts.email.server is localhost:25"].map(
      (place) =>
        `${place}; each container is there itself: expected the name or the address of a host that containers reach, such as that of this machine in its network`,
    ),
    expressible: false,
  },
  {
    name: "full names of branches",
    config: `config:
  airflow:dagsGit: { url: https://git.test/dags.git, ref: refs/heads/main }
  airflow:dagBundles:
    - { name: a, url: https://git.test/a.git, ref: heads/release/2 }
    - { name: b, url: https://git.test/b.git, ref: refs/tags/v1 }
`,
    says: [
      "2: dagsGit.ref is refs/heads/main; later commits would have no effect: expected main",
      "4: dagBundles[0].ref is heads/release/2; later commits would have no effect: expected release/2",
    ],
    expressible: false,
  },
  {
    name: "a public image of Redis, and little memory for the connections to Postgres",
    config: `config:
  airflow:images: { redis: "redis:7" }
  airflow:postgres: { memory: 64 }
`,
    says: [
      "2: images.redis is redis:7; it lacks the programs that the stack starts Redis with: expected the image that npm run images builds, or redis.url",
      "3: postgres.memory is 64; Airflow may open 45 connections, which take at least 1 MiB each, beside shared_buffers: expected 90 or more",
    ],
    expressible: false,
  },
  {
    name: "addresses with a path, and Flower elsewhere",
    config: `config:
  airflow:settings:
    Celery: { Flower_URL_Prefix: /flower }
    api: { base_url: https://tools.example.com/airflow }
`,
    says: [
      "3: settings.Celery.Flower_URL_Prefix is {…}; health checks and people must find Flower at the same path: expected kubernetes.ingress.flower, a host name with a path",
      "4: settings.api.base_url is {…}; health checks, tasks and the stack's commands ask the webserver without a path: expected none, or kubernetes.ingress.webserver, a host name with a path",
    ],
    expressible: false,
  },
  {
    name: "an address without a scheme",
    config: `config:
  airflow:version: 2.11.2
  airflow:settings: { webserver: { base_url: airflow.example.com:8080 } }
`,
    says: ["3: settings.webserver.base_url is {…}; expected http://HOST:PORT or https://HOST:PORT"],
    expressible: false,
  },
  {
    name: "TLS inside the stack",
    config: `config:
  airflow:version: 2.11.2
  airflow:settings: { webserver: { web_server_ssl_cert: /x.pem, web_server_ssl_key: /x.key } }
`,
    says: [
      "3: settings.webserver.web_server_ssl_cert is {…}; requests inside the stack, such as health checks, use plain HTTP: expected publish.certificate and publish.key, or kubernetes.ingress.tlsSecret",
      "3: settings.webserver.web_server_ssl_key is {…}; requests inside the stack, such as health checks, use plain HTTP: expected publish.certificate and publish.key, or kubernetes.ingress.tlsSecret",
    ],
    expressible: false,
  },
  {
    name: "TLS inside the stack, in Airflow 3",
    config: `config:
  airflow:settings: { api: { ssl_cert: /x.pem, ssl_key: /x.key } }
`,
    says: [
      "2: settings.api.ssl_cert is {…}; requests inside the stack, such as health checks, use plain HTTP: expected publish.certificate and publish.key, or kubernetes.ingress.tlsSecret",
      "2: settings.api.ssl_key is {…}; requests inside the stack, such as health checks, use plain HTTP: expected publish.certificate and publish.key, or kubernetes.ingress.tlsSecret",
    ],
    expressible: false,
  },
  {
    name: "settings of addresses and folders inside the stack",
    config: `config:
  airflow:settings:
    core: { execution_api_server_url: http://x/execution/, dags_folder: /d, hostname_callable: socket.gethostname }
    logging: { base_log_folder: /l, worker_log_server_port: 8794, trigger_log_server_port: 8795 }
    database: { sql_alchemy_conn_async_cmd: cat /x }
`,
    says: [
      "3: settings.core.dags_folder is {…}; the stack delivers DAGs to every role: expected dags, dagsImage or dagsGit",
      "3: settings.core.execution_api_server_url is {…}; tasks report to the stack's webserver, whose address follows from the stack: expected no value; remove it",
      "3: settings.core.hostname_callable is {…}; the webserver reads a worker's logs at the host name that the stack gives it: expected no value; remove it",
      "4: settings.logging.base_log_folder is {…}; the webserver finds logs only in this folder: expected no value; remove it",
      "4: settings.logging.trigger_log_server_port is {…}; the stack decides the port at which logs are read: expected no value; remove it",
      "4: settings.logging.worker_log_server_port is {…}; the stack decides the port at which logs are read: expected no value; remove it",
      "5: settings.database.sql_alchemy_conn_async_cmd is {…}; the metadata is in the stack's Postgres: expected postgres.url, for an existing database",
    ],
    expressible: false,
  },
  {
    name: "heartbeats that are slower than health checks",
    config: `config:
  airflow:settings:
    scheduler:
      job_heartbeat_sec: 15
      scheduler_heartbeat_sec: 60
      scheduler_idle_sleep_time: 20.5
    triggerer: { job_heartbeat_sec: 5s }
    celery_broker_transport_options: { socket_timeout: 20 }
`,
    says: [
      "4: settings.scheduler.job_heartbeat_sec is 15; a role that is silent for 30 s counts as dead: expected less than 15",
      "5: settings.scheduler.scheduler_heartbeat_sec is 60; a role that is silent for 30 s counts as dead: expected less than 15",
      "6: settings.scheduler.scheduler_idle_sleep_time is 20.5; a role that is silent for 30 s counts as dead: expected less than 15",
      "7: settings.triggerer.job_heartbeat_sec is 5s; expected a whole number, 1 or more, of seconds",
      "8: settings.celery_broker_transport_options.socket_timeout is 20; a worker that is silent for 20 s counts as dead: expected a number of seconds less than 20",
    ],
    expressible: false,
  },
  {
    name: "a threshold of less than two heartbeats",
    config: `config:
  airflow:settings: { triggerer: { triggerer_health_check_threshold: 10 } }
`,
    says: [
      "2: settings.triggerer.triggerer_health_check_threshold is 10; one late heartbeat would make a role count as dead: expected more than twice settings.triggerer.job_heartbeat_sec, 5 s",
    ],
    expressible: false,
  },
  {
    name: "a heartbeat of more than half of a threshold",
    config: `config:
  airflow:settings: { scheduler: { scheduler_heartbeat_sec: 5, scheduler_health_check_threshold: 10 } }
`,
    says: [
      "2: settings.scheduler.scheduler_heartbeat_sec is 5; a role that is silent for 10 s counts as dead: expected less than 5",
    ],
    expressible: false,
  },
  {
    name: "remote logs without a destination",
    config: `config:
  airflow:settings: { Logging: { remote_logging: true } }
`,
    says: [
      "2: settings.Logging.remote_logging is True; logs would be lost with their containers: expected settings.logging.remote_base_log_folder beside it, such as s3://BUCKET/logs, and remote_log_conn_id; or no remote_logging",
    ],
    expressible: false,
  },
  {
    name: "a setting that is given twice, in different case",
    config: `config:
  airflow:settings:
    core: { max_map_length: 10 }
    Core: { Max_Map_Length: 11 }
`,
    says: [
      "4: settings.Core.Max_Map_Length is {…}; Airflow reads it as settings.core.max_map_length: expected only one of them",
    ],
    expressible: false,
  },
  {
    name: "variables that override the stack's own for a program",
    config: `config:
  airflow:roles:
    all:
      env:
        PATH: /x
        PYTHONPATH: /x
        LD_PRELOAD: /x.so
        HOME: /x
        airflow_home: /x
        _PIP_ADDITIONAL_REQUIREMENTS: pandas
        FORWARDED_ALLOW_IPS: 10.0.0.1
        GUNICORN_CMD_ARGS: --x
`,
    says: [
      "5: roles.all.env.PATH is {…}; it decides which programs and libraries start: expected images.airflow, an image that brings them",
      "6: roles.all.env.PYTHONPATH is {…}; it decides which code is imported: expected plugins, config, requirements or images.airflow",
      "7: roles.all.env.LD_PRELOAD is {…}; it decides which programs and libraries start: expected images.airflow, an image that brings them",
      "8: roles.all.env.HOME is {…}; the image finds its packages by it: expected no value; remove it",
      "9: roles.all.env.airflow_home is {…}; Airflow's home is /opt/airflow in every role: expected no value; remove it",
      "10: roles.all.env._PIP_ADDITIONAL_REQUIREMENTS is {…}; packages belong in the image, which does not change at a start: expected requirements",
      "11: roles.all.env.FORWARDED_ALLOW_IPS is {…}; the webserver's proxies are a key of the stack: expected trustedProxies, publish or kubernetes.ingress",
      "12: roles.all.env.GUNICORN_CMD_ARGS is {…}; the stack sets it itself: expected no value; remove it",
    ],
    expressible: false,
  },
  {
    name: "files of the broker's TLS",
    config: `config:
  airflow:settings: { celery: { ssl_mutual_tls: true, ssl_cert: /x.pem, ssl_key: /x.key } }
`,
    says: [
      "2: settings.celery.ssl_cert is {…}; the broker's keys name the certificate: expected redis.certificate and redis.key",
      "2: settings.celery.ssl_key is {…}; the broker's keys name the certificate: expected redis.certificate and redis.key",
      "2: settings.celery.ssl_mutual_tls is {…}; the broker's keys name the certificate: expected redis.certificate and redis.key",
    ],
    expressible: false,
  },
  {
    name: "variables of Celery and Flower",
    config: `config:
  airflow:roles:
    worker: { env: { CELERY_BROKER_URL: x, CELERY_RESULT_BACKEND: x, CELERY_LOADER: x, CELERYD_CONCURRENCY: 8 } }
    flower: { env: { FLOWER_PORT: 1, FLOWER_URL_PREFIX: x, FLOWER_BASIC_AUTH: x, FLOWER_UNAUTHENTICATED_API: 1, FLOWER_BROKER_API: x, FLOWER_CONF: x } }
`,
    says: [
      "3: roles.worker.env.CELERYD_CONCURRENCY is {…}; expected workerMinConcurrency and workerConcurrency",
      "3: roles.worker.env.CELERY_BROKER_URL is {…}; tasks are queued in the stack's Redis: expected redis.url, for an existing broker",
      "3: roles.worker.env.CELERY_LOADER is {…}; Celery is configured by Airflow: expected settings.celery and settings.celery.extra_celery_config",
      "3: roles.worker.env.CELERY_RESULT_BACKEND is {…}; results are in the stack's Postgres: expected postgres.resultsUrl, for an existing database",
      "4: roles.flower.env.FLOWER_BASIC_AUTH is {…}; the stack starts Flower, at its port and with the administrator's login: expected adminUser and secrets.adminPassword",
      "4: roles.flower.env.FLOWER_BROKER_API is {…}; the stack starts Flower, at its port and with the administrator's login: expected redis.url",
      "4: roles.flower.env.FLOWER_CONF is {…}; the stack starts Flower, at its port and with the administrator's login: expected variables of single options, such as FLOWER_MAX_TASKS",
      "4: roles.flower.env.FLOWER_PORT is {…}; the stack starts Flower, at its port and with the administrator's login: expected flowerPort and kubernetes.ingress",
      "4: roles.flower.env.FLOWER_UNAUTHENTICATED_API is {…}; the stack starts Flower, at its port and with the administrator's login: expected adminUser and secrets.adminPassword",
      "4: roles.flower.env.FLOWER_URL_PREFIX is {…}; the stack starts Flower, at its port and with the administrator's login: expected kubernetes.ingress.flower, a host name with a path",
    ],
    expressible: false,
  },
  {
    name: "settings as variables, by command and in lower case",
    config: `config:
  airflow:roles:
    scheduler:
      env:
        AIRFLOW__CELERY__BROKER_URL_CMD: cat /x
        AIRFLOW__CORE__FERNET_KEY_SECRET: x
        AIRFLOW__CELERY__RESULT_BACKEND_CMD: x
        airflow__core__executor: x
        airflow_conn_db: x
`,
    says: [
      "5: roles.scheduler.env.AIRFLOW__CELERY__BROKER_URL_CMD is {…}; tasks are queued in the stack's Redis: expected redis.url, for an existing broker",
      "6: roles.scheduler.env.AIRFLOW__CORE__FERNET_KEY_SECRET is {…}; the stack mints it: expected secrets.fernetKey",
      "7: roles.scheduler.env.AIRFLOW__CELERY__RESULT_BACKEND_CMD is {…}; results are in the stack's Postgres: expected postgres.resultsUrl, for an existing database",
      "8: roles.scheduler.env.airflow__core__executor is {…}; it is a setting of airflow.cfg: expected settings, by section and key",
      "9: roles.scheduler.env.airflow_conn_db is {…}; everybody with access to the engine or the cluster could read it: expected connections, or secretFiles",
    ],
    expressible: false,
  },
];
