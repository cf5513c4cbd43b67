import type { BadRow } from "./rows.ts";

/** Settings that would lose tasks, or open the deployment to strangers. */
export const refusals: readonly BadRow[] = [
  {
    name: "another executor",
    config: `config:
  airflow:settings: { core: { executor: LocalExecutor } }
`,
    says: [
      "2: settings.core.executor is LocalExecutor; the stack deploys Celery workers, to which no other executor gives tasks: expected CeleryExecutor, or no value",
    ],
    expressible: false,
  },
  {
    name: "a second executor",
    config: `config:
  airflow:settings: { core: { "executor": "CeleryExecutor,KubernetesExecutor" } }
`,
    says: [
      "2: settings.core.executor is CeleryExecutor,KubernetesExecutor; the stack deploys Celery workers, to which no other executor gives tasks: expected CeleryExecutor, or no value",
    ],
    expressible: false,
  },
  {
    name: "results in Redis",
    config: `config:
  airflow:settings: { celery: { result_backend: redis://redis:6379/1 } }
`,
    says: [
      "2: settings.celery.result_backend is redis://…; results in Redis would fill the broker until it refuses tasks, and a crash would lose the last second of them: expected no value, for the stack's own Postgres, or postgres.resultsUrl",
    ],
    expressible: false,
  },
  {
    name: "results in a database that is not declared",
    config: `config:
  airflow:settings: { celery: { result_backend: db+postgresql://db/results } }
`,
    says: [
      "2: settings.celery.result_backend is {…}; it contains a password, which must not be a setting: expected no value, for the stack's own Postgres, or postgres.resultsUrl",
    ],
    expressible: false,
  },
  {
    name: "a broker in the settings",
    config: `config:
  airflow:settings: { celery: { broker_url: redis://elsewhere:6379/0 } }
`,
    says: [
      "2: settings.celery.broker_url is {…}; tasks are queued in the stack's Redis: expected redis.url, for an existing broker",
    ],
    expressible: false,
  },
  {
    name: "a fernet key by command",
    config: `config:
  airflow:settings: { core: { fernet_key_cmd: cat /key } }
`,
    says: ["2: settings.core.fernet_key_cmd is {…}; the stack mints it: expected secrets.fernetKey"],
    expressible: false,
  },
  {
    name: "a login of Flower's own",
    config: `config:
  airflow:settings: { celery: { flower_basic_auth: a:b } }
`,
    says: [
      "2: settings.celery.flower_basic_auth is {…}; Flower uses the administrator's login: expected adminUser and secrets.adminPassword",
    ],
    expressible: false,
  },
  {
    name: "a database in the settings",
    config: `config:
  airflow:settings: { database: { sql_alchemy_conn: postgresql://db/airflow } }
`,
    says: [
      "2: settings.database.sql_alchemy_conn is {…}; the metadata is in the stack's Postgres: expected postgres.url, for an existing database",
    ],
    expressible: false,
  },
  {
    name: "a webserver that listens elsewhere",
    config: `config:
  airflow:settings: { api: { host: 0.0.0.0, port: 80 } }
`,
    says: [
      "2: settings.api.host is {…}; a role listens only inside its container, and the stack decides where it is published: expected webserverPort and kubernetes.ingress",
      "2: settings.api.port is {…}; a role listens only inside its container, and the stack decides where it is published: expected webserverPort and kubernetes.ingress",
    ],
    expressible: false,
  },
  {
    name: "a webserver of Airflow 2 that listens elsewhere",
    config: `config:
  airflow:settings: { webserver: { web_server_host: 0.0.0.0 } }
`,
    says: [
      "2: settings.webserver.web_server_host is {…}; a role listens only inside its container, and the stack decides where it is published: expected webserverPort and kubernetes.ingress",
    ],
    expressible: false,
  },
  {
    name: "an auth manager without passwords",
    config: `config:
  airflow:settings: { core: { auth_manager: airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager, simple_auth_manager_all_admins: true } }
`,
    says: [
      "2: settings.core.auth_manager is airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager; the stack manages its logins with FabAuthManager: expected FabAuthManager, or no value; SimpleAuthManager is for development and writes passwords to a file",
      "2: settings.core.simple_auth_manager_all_admins is True; it makes everybody an administrator, without a login: expected False",
    ],
    expressible: false,
  },
  {
    name: "an API without a login",
    config: `config:
  airflow:settings: { fab: { auth_backends: airflow.api.auth.backend.default } }
`,
    says: [
      "2: settings.fab.auth_backends is airflow.api.auth.backend.default; backend.default answers everybody, without a login: expected some of basic_auth, session and kerberos_auth",
    ],
    expressible: false,
  },
  {
    name: "an API that denies every request",
    config: `config:
  airflow:settings: { fab: { auth_backends: airflow.api.auth.backend.deny_all } }
`,
    says: [
      "2: settings.fab.auth_backends is airflow.api.auth.backend.deny_all; backend.deny_all answers nobody, the stack's own commands included: expected some of basic_auth, session and kerberos_auth",
    ],
    expressible: false,
  },
  {
    name: "a setting as a variable",
    config: `config:
  airflow:roles: { all: { env: { AIRFLOW__CORE__EXECUTOR: LocalExecutor, TZ: UTC } } }
`,
    says: [
      "2: roles.all.env.AIRFLOW__CORE__EXECUTOR is {…}; it is a setting of airflow.cfg: expected settings, by section and key",
    ],
    expressible: false,
  },
  {
    name: "a broker that drops tasks",
    config: `config:
  airflow:redis:
    settings:
      maxmemory-policy: allkeys-lru
      appendonly: false
      appendfsync: always
      save: 900 1
`,
    says: [
      "4: redis.settings.maxmemory-policy is allkeys-lru; a full broker would drop queued tasks: expected noeviction, with which it refuses new ones",
      "5: redis.settings.appendonly is no; a restart would lose queued tasks: expected yes",
      `7: redis.settings.save is 900 1; the log has everything, and a failing snapshot would keep Redis from shutting down cleanly: expected '""', for no snapshots`,
    ],
    expressible: false,
  },
  {
    name: "Redis' own settings",
    config: `config:
  airflow:redis: { settings: { requirepass: x, port: 1, dir: /tmp, supervised: no, include: x, loadmodule: x, replicaof: x } }
`,
    says: [
      "2: redis.settings.dir is {…}; the stack decides where Redis keeps its data, also across upgrades: expected no value; remove it",
      "2: redis.settings.include is {…}; Redis reads only the file that the stack writes: expected its settings here, one by one",
      "2: redis.settings.loadmodule is {…}; the broker needs no module, and a module may do anything: expected no value; remove it",
      "2: redis.settings.port is {…}; the stack decides where Redis listens, and which ports are published: expected no value; remove it",
      "2: redis.settings.replicaof is {…}; the stack runs one Redis, with data of its own: expected redis.url, for a cluster of yours",
      "2: redis.settings.requirepass is {…}; the stack writes the users of Redis: expected secrets.brokerPassword",
      "2: redis.settings.supervised is {…}; Redis reports to the supervisor that the stack starts: expected no value; remove it",
    ],
    expressible: false,
  },
  {
    name: "Postgres' own settings",
    config: `config:
  airflow:postgres: { settings: { listen_addresses: localhost, data_directory: /x, hba_file: /x, ssl_cert_file: /x, fsync: off, work_mem: 8MB } }
`,
    says: [
      "2: postgres.settings.data_directory is {…}; the stack decides where Postgres keeps its files: expected no value; remove it",
      "2: postgres.settings.fsync is off; a power cut would destroy the database: expected on",
      "2: postgres.settings.hba_file is {…}; the stack lets clients log in with SCRAM-SHA-256 only: expected no value; remove it",
      "2: postgres.settings.listen_addresses is {…}; the stack decides where Postgres listens, and which ports are published: expected no value; remove it",
      "2: postgres.settings.ssl_cert_file is {…}; the stack's own Postgres uses no TLS, and nothing outside reaches it: expected postgres.url, for a server with TLS",
    ],
    expressible: false,
  },
  {
    name: "floating images in production",
    config: `config:
  airflow:production: true
  airflow:images:
    airflow: registry.example.com:5000/airflow
    postgres: postgres:16
    redis: r.test/redis:latest
    gateway: gateway:2.6
    pgbouncer: pgbouncer:1.23.1-nightly
`,
    says: [
      "4: images.airflow is registry.example.com:5000/airflow; production: true, and it has no tag, which means latest: expected a digest, NAME@sha256:…, or a complete version, NAME:3.3.2",
      "5: images.postgres is postgres:16; production: true, and 16 is not a complete version: expected a digest, NAME@sha256:…, or a complete version, NAME:16.10",
      "6: images.redis is r.test/redis:latest; production: true, and latest may be another image tomorrow: expected a digest, NAME@sha256:…, or a complete version, NAME:3.3.2",
      "7: images.gateway is gateway:2.6; production: true, and 2.6 is not a complete version: expected a digest, NAME@sha256:…, or a complete version, NAME:3.3.2",
      "8: images.pgbouncer is pgbouncer:1.23.1-nightly; production: true, and 1.23.1-nightly may be another image tomorrow: expected a digest, NAME@sha256:…, or a complete version, NAME:3.3.2",
    ],
    expressible: false,
  },
  {
    name: "a tag that is no version in production",
    config: `config:
  airflow:production: true
  airflow:images: { airflow: ours/airflow:release, postgres: postgres:16.10 }
`,
    says: [
      "3: images.airflow is ours/airflow:release; production: true, and release is not a complete version: expected a digest, NAME@sha256:…, or a complete version, NAME:3.3.2",
    ],
    expressible: false,
  },
  {
    name: "the engine's socket in a role",
    config: `config:
  airflow:roles:
    worker: { volumes: { /var/run/docker.sock: /var/run/../run/docker.sock, /srv: /srv/data } }
    all: { volumes: { /host: /, /e: /etc/, /p: /proc/1 } }
`,
    says: [
      '3: roles.worker.volumes["/var/run/docker.sock"] is /var/run/../run/docker.sock; a program with the engine\'s socket is root on the machine: expected a directory that holds only what tasks read, such as /srv/data, or the name of a volume',
      "4: roles.all.volumes./e is /etc/; /etc contains the engine's socket or keys of the machine: expected a directory that holds only what tasks read, such as /srv/data, or the name of a volume",
      "4: roles.all.volumes./host is /; / contains the engine's socket or keys of the machine: expected a directory that holds only what tasks read, such as /srv/data, or the name of a volume",
      "4: roles.all.volumes./p is /proc/1; /proc belongs to the machine: expected a directory that holds only what tasks read, such as /srv/data, or the name of a volume",
    ],
    expressible: false,
  },
  {
    name: "a privileged role",
    config: `config:
  airflow:roles: { worker: { privileged: true, docker_socket: true, cap_add: [SYS_ADMIN] } }
`,
    says: [
      "2: roles.worker.cap_add is unknown; no role gets a capability of the machine: expected env, files and volumes",
      "2: roles.worker.docker_socket is unknown; no role gets the engine's socket, which is root on the machine: to run containers from tasks, give them a separate engine, with TLS",
      "2: roles.worker.privileged is unknown; no role runs privileged, which would give tasks control of the machine: expected env, files and volumes",
    ],
    expressible: true,
  },
  {
    name: "a Secret of a cluster on Docker",
    config: `config:
  airflow:secrets: { adminPassword: { secret: logins, key: admin } }
  airflow:redis: { url: { secret: logins, key: redis } }
  airflow:variables: { token: { secret: logins, key: token } }
`,
    says: [
      "2: secrets.adminPassword is {…}; a Secret needs platform: kubernetes; on Docker expected { file: PATH }, or the value that npm run secret writes",
      "3: redis.url is {…}; a Secret needs platform: kubernetes; on Docker expected { file: PATH }, or the value that npm run secret writes",
      "4: variables.token is {…}; a Secret needs platform: kubernetes; on Docker expected { file: PATH }, or the value that npm run secret writes",
    ],
    expressible: false,
  },
  {
    name: "code beside the DAGs that no role can be given",
    config: `config:
  airflow:plugins: test/unit/settings/bad/code/plugins
  airflow:config: test/unit/settings/bad/code/config
  airflow:roles:
    all: { files: { /opt/airflow/config/own_logging.py: README.md } }
`,
    says: [
      "2: plugins is plugins/logo.bin; it is not text in UTF-8: expected text; other files belong in the image, or in a volume",
      "3: config is config/own_logging.py; roles.all.files has it too: expected only one of them",
      "3: config is config/pooled_connections.py; the stack has a module of this name: expected another name",
      "3: config is test/unit/settings/bad/code/config; its AUTH_ROLE_PUBLIC gives a role to everybody, without a login: expected a file without it, with users for people",
    ],
    expressible: false,
  },
  {
    name: "shared memory beyond the memory",
    config: `config:
  airflow:roles: { worker: { sharedMemory: 2048 }, scheduler: { memory: 1024, sharedMemory: 512 } }
`,
    says: [
      "2: roles.worker.sharedMemory is 2048; it is a part of the memory, which is 2048 MiB: expected less, or more memory",
    ],
    expressible: false,
  },
  {
    name: "a configuration of the webserver with a role for everybody",
    config: `config:
  airflow:roles: { webserver: { files: { /opt/airflow/webserver_config.py: test/unit/settings/bad/files/public.py } } }
`,
    says: [
      '2: roles.webserver.files["/opt/airflow/webserver_config.py"] is test/unit/settings/bad/files/public.py; its AUTH_ROLE_PUBLIC gives a role to everybody, without a login: expected a file without it, with users for people',
    ],
    expressible: false,
  },
];
