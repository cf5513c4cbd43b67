import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { cluster } from "../../cluster.ts";
import type { Config } from "../../settingsFrom.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { faults } from "./refusals.ts";

const folder = temporaryFolder("edges");

function holding(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Writes a file with this many bytes. */
function sized(name: string, bytes: number): string {
  return holding(name, "#".repeat(bytes));
}

const [a, b] = ["a", "b"].map((name, at) => ({ name, docker: `ssh://${name}`, address: `10.0.0.${at + 1}` }));
const here = { certificate: "package.json", key: { file: "package.json" } };

/** Returns the fault of a published port. */
function clash(key: string, port: number, who: string): string {
  return `publish.${key} is ${port}; ${who} has this port too: expected another one`;
}

function volumeClash(path: string, name: string, other: string): string {
  return `roles.worker.volumes.${path} is ${name}; ${other} on machine b and volume ${name} would both be ${name}: expected another name for one of them`;
}

function proxyFault(key: string, url: string, address: string): string {
  return `proxy.${key} is ${url}; kubernetes.egress blocks roles from ${address}: expected a proxy in one of egress.to, and in none of egress.except`;
}

/** Stack in a cluster whose monitoring, roles and webserver have peers at these addresses. */
function peers(host: string, others: Config = {}): Config {
  return {
    ...cluster,
    images: { ...cluster.images, monitoring: "r/monitoring:1" },
    dagsGit: { url: `https://${host}/a.git` },
    dagBundles: [{ name: "b", url: `http://${host}/b.git` }],
    tracing: { endpoint: `http://${host}:4318` },
    login: {
      oidc: { issuer: `https://${host}/team`, clientId: "a", clientSecret: { file: holding("client", "x") } },
      roles: { a: "User" },
    },
    monitoring: {
      scrape: ["http://metrics.test/metrics", `http://${host}:9100/metrics`],
      alerts: {
        webhook: { file: holding(`webhook-${host}`, `http://${host}/x`) },
        slack: { file: holding(`slack-${host}`, `https://${host}/a-long-word`) },
        watchdog: { file: holding(`watchdog-${host}`, `http://${host}/z\n`) },
        email: { to: "a@mail.test", from: "b@mail.test", server: `${host}:587` },
      },
    },
    ...others,
  };
}

/** Returns the faults of such peers at an address that roles may not reach. */
function unreached(host: string, address: string): Readonly<Record<string, string>> {
  const fix = "expected kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }";
  const line = (key: string, given: string, who: string, shown = address) =>
    `${key} is ${given}; ${who} may not reach ${shown}: ${fix}`;
  const [alerts, monitoring] = ["monitoring.alerts", "the monitoring"];
  return {
    bundle: line("dagBundles[0].url", `http://${host}/b.git`, "roles"),
    git: line("dagsGit.url", `https://${host}/a.git`, "roles"),
    issuer: line("login.oidc.issuer", `https://${host}/team`, "roles"),
    server: line(`${alerts}.email.server`, `${host}:587`, monitoring),
    slack: line(`${alerts}.slack`, "{…}", monitoring, "its host"),
    watchdog: line(`${alerts}.watchdog`, "{…}", monitoring, "its host"),
    webhook: line(`${alerts}.webhook`, "{…}", monitoring, "its host"),
    scrape: line("monitoring.scrape[1]", `http://${host}:9100/metrics`, monitoring),
    tracing: line("tracing.endpoint", `http://${host}:4318`, "roles"),
  };
}

const inPrivate = unreached("10.0.0.5", "10.0.0.5");
const byHost = unreached("peer.test", "10.0.0.7");

const elsewhere =
  "settings.core.result_backend is {…}; Airflow 3.3.2 does not know it in core; expected settings.celery.result_backend";

/** Returns the fault of an unknown section, with a shortened list of the known ones. */
function noSection(section: string, version = "3.3.2", meant = ""): string {
  return `settings.${section} is {…}; Airflow ${version} has no such section; ${meant}expected api, …`;
}

const directly =
  "tasks would ask the proxy for the stack's webserver: expected proxy, which leaves out the stack's own hosts, or NO_PROXY beside it";
const madeSession =
  "a session would outlive its logout, and whoever has secrets.apiSecretKey, as workers do, could make one: expected database, or no value";
const signing = "the stack mints the key that signs tokens: expected secrets.jwtSecret";
const larger = "belong in the image, see images.airflow and requirements";

/** Stacks on both sides of a rule's distinction, with all faults except that of the certificate, whose file is no certificate. */
const stacks: readonly (readonly [name: string, config: Config, ...faults: string[]])[] = [
  [
    "volumes with the suffix of a machine",
    {
      machines: [a, b],
      roles: { worker: { volumes: { "/a": "data-b", "/b": "models", "/c": "models-b", "/d": "my-data" } } },
    },
    volumeClash("/a", "data-b", "the stack's volume data"),
    volumeClash("/c", "models-b", "volume models"),
  ],
  [
    "the same volumes in a cluster, where machines are no suffix",
    {
      ...cluster,
      machines: [
        { name: "a", node: "a" },
        { name: "b", node: "b" },
      ],
      roles: { worker: { volumes: { "/b": "models", "/c": "models-b" } } },
    },
  ],
  [
    "a volume that two machines make equal to the stack's own, and one with the name of another of the stack's",
    {
      machines: [
        a,
        ...["b-c", "c", "b-d", "d"].map((name, at) => ({
          name,
          docker: `ssh://${name}`,
          address: `10.0.0.${at + 2}`,
        })),
      ],
      roles: { worker: { volumes: { "/a": "data-b", "/b": "logs" } } },
    },
    "roles.worker.volumes./a is data-b; volume data-b on machine c and the stack's volume data on machine b-c would both be data-b-c: expected another name for one of them",
    "roles.worker.volumes./b is logs; the stack has a volume of this name: expected data, or another name",
  ],
  [
    "a group with the name of a machine, whose workers cause no second fault",
    {
      machines: [a, b, { name: "gpu-b", docker: "ssh://c", address: "10.0.0.3", workers: 1 }],
      workerGroups: [
        { name: "b", queues: ["q"] },
        { name: "gpu", queues: ["r"], machine: "b" },
      ],
    },
    "workerGroups[0].name is b; expected a name that no machine and no other group has",
  ],
  [
    "a cluster's names on an engine",
    { extraHosts: { "a.svc": "10.0.0.1", "kubernetes.default": "10.0.0.1" } },
  ],
  [
    "a group on one machine with the name of another, whose workers cause no second fault",
    { machines: [a, { ...b, workers: 1 }], workerGroups: [{ name: "b", queues: ["q"], machine: "a" }] },
    "workerGroups[0].name is b; expected a name that no machine and no other group has",
  ],
  [
    "a cluster's names in a cluster",
    { ...cluster, extraHosts: { "a.svc": "10.0.0.1", "db.test": "10.0.0.1" } },
    'extraHosts["a.svc"] is 10.0.0.1; the cluster resolves such names itself: expected the name of a host outside it',
  ],
  [
    "heartbeats that take all of the webserver's share",
    {
      workers: 25,
      workerConcurrency: 10,
      pgbouncer: { clients: 10_000 },
      postgres: { memory: 4096 },
      settings: { workers: { min_heartbeat_interval: 9 } },
    },
  ],
  [
    "places of logs that Airflow or its users' modules know",
    {
      settings: {
        core: { mp_start_method: "spawn" },
        logging: { remote_logging: true, remote_base_log_folder: "wasb-logs" },
        metrics: { statsd_port: 65_535 },
      },
    },
  ],
  [
    "an unknown place of logs beside a host for them",
    {
      settings: {
        logging: { remote_logging: true, remote_base_log_folder: "logs" },
        elasticsearch: { host: "logs.test" },
      },
    },
  ],
  [
    "an unknown place of logs that are not remote",
    { settings: { logging: { remote_logging: false, remote_base_log_folder: "logs" } } },
  ],
  [
    "settings in all forms that Airflow converts",
    {
      settings: {
        core: {
          load_examples: "F",
          dags_are_paused_at_creation: "1 # as before",
          max_active_runs_per_dag: "1_000",
          default_task_retries: "2.0",
          default_task_execution_timeout: "",
          default_timezone: "Europe/Berlin",
        },
        logging: { logging_level: "DEBUG", celery_logging_level: "" },
        metrics: { statsd_port: "+8125" },
        fab: { proxy_fix_x_port: 0 },
      },
    },
  ],
  [
    "heartbeats of Airflow 2, which the webserver does not take",
    {
      version: "2.11.2",
      workers: 100,
      workerConcurrency: 20,
      pgbouncer: { clients: 10_000 },
      postgres: { memory: 4096 },
    },
  ],
  [
    "published ports that the last webserver and Flower have",
    {
      webserverPort: 8000,
      webservers: 2,
      publish: { ...here, address: "127.0.0.1", webserverPort: 8001, flowerPort: 5555 },
    },
    clash("flowerPort", 5555, "Flower, at 127.0.0.1"),
    clash("webserverPort", 8001, "the webserver, at 127.0.0.1"),
  ],
  [
    "published ports at both ends of the webservers'",
    {
      webserverPort: 8000,
      webservers: 2,
      publish: { ...here, address: "127.0.0.1", webserverPort: 8000, flowerPort: 8002 },
    },
    clash("webserverPort", 8000, "the webserver, at 127.0.0.1"),
  ],
  [
    "the same ports at another address",
    {
      webserverPort: 8000,
      monitoring: {},
      publish: { ...here, address: "10.0.0.9", webserverPort: 8000, flowerPort: 5555, monitoringPort: 9090 },
    },
  ],
  [
    "ports at all addresses",
    {
      monitoring: {},
      publish: { ...here, address: "0.0.0.0", webserverPort: 9090, flowerPort: 8080, monitoringPort: 9090 },
    },
    clash("flowerPort", 8080, "the webserver, at 127.0.0.1"),
    clash("monitoringPort", 9090, "another published service"),
    clash("monitoringPort", 9090, "the monitoring, at 127.0.0.1"),
    clash("webserverPort", 9090, "the monitoring, at 127.0.0.1"),
  ],
  [
    "one published port for all",
    {
      monitoring: {},
      publish: { ...here, address: "10.0.0.9", webserverPort: 443, flowerPort: 443, monitoringPort: 443 },
    },
    clash("flowerPort", 443, "the webserver"),
    clash("monitoringPort", 443, "another published service"),
  ],
  [
    "a published port for Flower and the monitoring",
    {
      monitoring: {},
      publish: { ...here, address: "10.0.0.9", webserverPort: 443, flowerPort: 444, monitoringPort: 444 },
    },
    clash("monitoringPort", 444, "another published service"),
  ],
  ["published ports beside a monitoring", { monitoring: {}, publish: { ...here, address: "127.0.0.1" } }],
  [
    "ports of a monitoring that the stack does not have",
    { publish: { ...here, address: "127.0.0.1", webserverPort: 9090, flowerPort: 9443 } },
  ],
  [
    "the gateway's port on a machine",
    { machines: [a, b], publish: { ...here, address: "10.0.0.2", webserverPort: 8443 } },
    clash("webserverPort", 8443, "the gateway"),
  ],
  [
    "the gateway's port everywhere",
    { machines: [a, b], publish: { ...here, address: "0.0.0.0", flowerPort: 8443 } },
    clash("flowerPort", 8443, "the gateway"),
  ],
  [
    "the gateway's port where no gateway is",
    { machines: [a, b], publish: { ...here, address: "10.0.0.3", webserverPort: 8443 } },
  ],
  [
    "the gateway's port on the only machine",
    { machines: [a], publish: { ...here, address: "10.0.0.1", webserverPort: 8443 } },
  ],
  ["a proxy in a private network, on an engine", { proxy: { http: "http://10.0.0.9:3128" } }],
  ["a proxy by name, in a cluster", { ...cluster, proxy: { http: "http://p.test:3128" } }],
  [
    "a proxy by the name of a further host, in a cluster",
    { ...cluster, extraHosts: { "p.test": "10.0.0.9" }, proxy: { https: "http://p.test:3128" } },
    proxyFault("https", "http://p.test:3128", "10.0.0.9"),
  ],
  [
    "proxies in the second range, one of them excepted",
    {
      ...cluster,
      kubernetes: { egress: { to: ["10.0.0.0/24", "10.1.0.0/24"], except: ["10.1.0.9/32", "10.1.0.8/32"] } },
      proxy: { http: "http://10.1.0.7:1", https: "http://10.1.0.8:1" },
    },
    proxyFault("https", "http://10.1.0.8:1", "10.1.0.8"),
  ],
  [
    "a proxy in no range",
    { ...cluster, kubernetes: { egress: { to: ["10.0.0.0/24"] } }, proxy: { http: "http://10.1.0.7:1" } },
    proxyFault("http", "http://10.1.0.7:1", "10.1.0.7"),
  ],
  [
    "DAGs and headers over TLS and ssh, and spans without headers, in production",
    {
      production: true,
      systemPackages: ["openssh-client"],
      dagsGit: { url: "https://http.test/a.git", password: { file: holding("token", "a") } },
      dagBundles: [
        {
          name: "b",
          url: "ssh://git@git.test/b.git",
          key: { file: holding("ssh", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n") },
          knownHosts: holding("hosts", `git.test ssh-ed25519 ${"A".repeat(68)}\n`),
        },
      ],
      tracing: { endpoint: "http://spans.test" },
    },
  ],
  [
    "DAGs and headers over http, not in production",
    {
      dagsGit: { url: "http://git.test/a.git", password: { file: holding("token", "a") } },
      dagBundles: [{ name: "b", url: "http://git.test/b.git" }],
      tracing: { endpoint: "http://spans.test", headers: { file: holding("headers", "a=b") } },
    },
  ],
  [
    "DAGs over http that need no password, in production",
    { production: true, dagsGit: { url: "http://git.test/a.git" } },
  ],
  ["peers in a private network, in a cluster", peers("10.0.0.5"), ...Object.values(inPrivate)],
  ["the same on an engine", { ...peers("10.0.0.5"), platform: "docker" }],
  ["peers by name, in a cluster", peers("peer.test")],
  [
    "peers by the name of a further host, in a cluster",
    peers("peer.test", { extraHosts: { "peer.test": "10.0.0.7" } }),
    ...Object.values(byHost),
  ],
  [
    "such peers in a range that roles may reach",
    peers("peer.test", {
      extraHosts: { "peer.test": "10.0.0.7" },
      kubernetes: { egress: { to: ["10.0.0.0/24"] } },
    }),
  ],
  [
    "such peers behind proxies, which mail and metrics do not use",
    peers("peer.test", {
      extraHosts: { "peer.test": "10.0.0.7" },
      proxy: { http: "http://p.test:1", https: "http://p.test:1" },
    }),
    byHost.server ?? "",
    byHost.scrape ?? "",
  ],
  [
    "such peers that a proxy is not asked for",
    peers("10.0.0.5", { proxy: { http: "http://p.test:1", https: "http://p.test:1", no: ["10.0.0.0/8"] } }),
    ...Object.values(inPrivate),
  ],
  [
    "a directory by the name of a further host, in a cluster",
    {
      ...cluster,
      extraHosts: { "ldap.test": "10.0.0.8" },
      login: {
        ldap: {
          url: "ldaps://LDAP.test",
          bind: "cn=a",
          search: "ou=b",
          password: { secret: "a", key: "b" },
        },
        roles: { "cn=a": "User" },
      },
    },
    "login.ldap.url is ldaps://LDAP.test; roles may not reach 10.0.0.8: expected kubernetes.egress with it, such as { to: [0.0.0.0/0], except: [169.254.0.0/16] }",
  ],
  [
    "a variable that proxy sets",
    {
      proxy: { http: "http://p.test:1" },
      roles: { worker: { env: { HTTP_PROXY: "a", REQUESTS_CA_BUNDLE: "b" } } },
    },
    "roles.worker.env.HTTP_PROXY is {…}; proxy sets it too: expected only one of them",
  ],
  [
    "variables of a proxy without hosts to reach directly",
    {
      roles: {
        all: { env: { Https_Proxy: "http://p.test:1" } },
        worker: { env: { ALL_PROXY: "http://p.test:1", http_proxy: "" } },
        scheduler: { env: { no_proxy: "webserver-1" } },
      },
    },
    `roles.all.env.Https_Proxy is {…}; ${directly}`,
    `roles.worker.env.ALL_PROXY is {…}; ${directly}`,
  ],
  [
    "variables of a proxy with hosts to reach directly",
    {
      roles: {
        all: { env: { No_Proxy: "webserver-1" } },
        worker: { env: { HTTP_PROXY: "http://p.test:1" } },
        scheduler: { env: { https_proxy: "http://p.test:1", NO_PROXY: "*" } },
      },
    },
  ],
  [
    "paths that differ in / and _",
    {
      ...cluster,
      roles: {
        worker: {
          files: { "/srv/a_b": "package.json", "/srv/a/b": "package.json", "/srv/c": "package.json" },
        },
      },
    },
    "roles.worker.files./srv/a/b is package.json; a cluster cannot tell it from /srv/a_b, since they differ only in / and _: expected another path",
  ],
  [
    "the same paths on an engine",
    { roles: { worker: { files: { "/srv/a_b": "package.json", "/srv/a/b": "package.json" } } } },
  ],
  [
    "volumes of a node, and of the stack's own",
    { ...cluster, roles: { worker: { volumes: { "/srv/a": "/srv/a", "/srv/b": "logs" } } } },
    "roles.worker.volumes./srv/a is /srv/a; a pod may run on any node, and gets no directory of it: expected the name of a volume",
    "roles.worker.volumes./srv/b is logs; the stack has a volume of this name: expected data, or another name",
  ],
  [
    "sizes of workers",
    { roles: { all: { memory: 512 }, worker: { cpu: 1 }, scheduler: { memory: 1024 } } },
    "roles.all.memory is 512; expected workerMemory for workers, and memory of other roles, such as roles.scheduler.memory",
    "roles.worker.cpu is 1; expected workerCpu for workers",
  ],
  [
    "shared memory as large as the memory",
    {
      workerMemory: 1024,
      roles: {
        all: { sharedMemory: 1024 },
        worker: { sharedMemory: 1023 },
        scheduler: { memory: 2048, sharedMemory: 2048 },
        webserver: { sharedMemory: 4096 },
      },
    },
    "roles.all.sharedMemory is 1024; it is a part of the memory, which is 1024 MiB: expected less, or more memory",
    "roles.scheduler.sharedMemory is 2048; it is a part of the memory, which is 2048 MiB: expected less, or more memory",
  ],
  ["a file of 512 KiB", { roles: { worker: { files: { "/srv/a": sized("largest", 512 * 1024) } } } }],
  [
    "a file of a byte more",
    { roles: { worker: { files: { "/srv/a": sized("larger", 512 * 1024 + 1) } } } },
    `roles.worker.files./srv/a is …; it has 513 KiB: expected at most 512; larger files belong in the image, or in a volume`,
  ],
  [
    "modules of 768 KiB",
    {
      plugins: join(sized("most/a.py", 500 * 1024), ".."),
      config: join(sized("rest/a.py", 268 * 1024), ".."),
    },
  ],
  [
    "modules of a byte more",
    {
      plugins: join(sized("more/a.py", 500 * 1024), ".."),
      config: join(sized("over/a.py", 268 * 1024 + 1), ".."),
    },
    `plugins is …; the files of plugins and config have 769 KiB: expected at most 768; larger files ${larger}`,
  ],
  [
    "a module with a sign that no cluster takes, on an engine",
    { plugins: join(sized("odd/a b.py", 1), "..") },
  ],
  [
    "the same module in a cluster",
    { ...cluster, plugins: join(folder, "odd") },
    `plugins is plugins/a b.py; a cluster keeps it under its name in a ConfigMap: expected letters, digits, '.', '_' and '-'`,
  ],
  [
    "settings of another section, and with other letters",
    { settings: { core: { result_backend: "x", parallelismm: 3 } } },
    "settings.core.parallelismm is {…}; Airflow 3.3.2 does not know it; did you mean parallelism? expected a setting that this version has",
    elsewhere,
  ],
  [
    "a setting of two other sections, and one like none of its section",
    { settings: { core: { otel_host: "x" }, sdk: { zzzzzzzz: 1 } } },
    "settings.core.otel_host is {…}; Airflow 3.3.2 does not know it in core; expected settings.metrics.otel_host or settings.traces.otel_host",
    "settings.sdk.zzzzzzzz is {…}; Airflow 3.3.2 does not know it; expected coordinators, queue_to_coordinator",
  ],
  [
    "a setting that was removed without a note",
    { settings: { core: { task_runner: "x" } } },
    "settings.core.task_runner is {…}; Airflow 3.3.2 no longer has it; expected no value; remove it",
  ],
  [
    "a command for a setting that does not exist, and a setting with cmd inside its name",
    { settings: { core: { parallelismm_cmd: "x" }, database: { sql_alchemy_cmd_pool_size: 1 } } },
    "settings.core.parallelismm_cmd is {…}; Airflow 3.3.2 does not know it; did you mean parallelism? expected a setting that this version has",
    "settings.database.sql_alchemy_cmd_pool_size is {…}; Airflow 3.3.2 does not know it; did you mean sql_alchemy_pool_size? expected a setting that this version has",
  ],
  [
    "a command in the place of a setting",
    { settings: { logging: { remote_log_conn_id_cmd: "x" } } },
    "settings.logging.remote_log_conn_id_cmd is {…}; a stack file gives the secret itself, not a command for it: expected settings.logging.remote_log_conn_id, encrypted",
  ],
  [
    "renamed settings, in an existing section and in a missing one",
    { settings: { scheduler: { dag_dir_list_interval: 3 }, admin: { hide_sensitive_variable_fields: "x" } } },
    "settings.admin.hide_sensitive_variable_fields is {…}; Airflow 3.3.2 calls it core.hide_sensitive_var_conn_fields: expected settings.core.hide_sensitive_var_conn_fields",
    "settings.scheduler.dag_dir_list_interval is {…}; Airflow 3.3.2 calls it dag_processor.refresh_interval: expected settings.dag_processor.refresh_interval",
  ],
  [
    "a variable that caCertificates sets",
    { caCertificates: ["package.json"], roles: { worker: { env: { REQUESTS_CA_BUNDLE: "b" } } } },
    "caCertificates[0] is package.json; there is no certificate in it: expected a file with certificates in PEM that are valid now, and nothing else",
    "roles.worker.env.REQUESTS_CA_BUNDLE is {…}; caCertificates sets it too: expected only one of them",
  ],
  [
    "a renamed setting beside an unknown one",
    { settings: { admin: { hide_sensitive_variable_fields: "x", zzz: 1 } } },
    "settings.admin.hide_sensitive_variable_fields is {…}; Airflow 3.3.2 calls it core.hide_sensitive_var_conn_fields: expected settings.core.hide_sensitive_var_conn_fields",
  ],
  [
    "a setting that the stack decides, in a missing section",
    { settings: { webserver: { web_server_port: 1 } } },
    "settings.webserver.web_server_port is {…}; a role listens only inside its container, and the stack decides where it is published: expected webserverPort and kubernetes.ingress",
  ],
  [
    "the same with capital letters, beside a renamed setting with capital letters",
    { settings: { webserver: { Web_Server_Port: 1 }, admin: { Hide_Sensitive_Variable_Fields: "x" } } },
    "settings.admin.Hide_Sensitive_Variable_Fields is {…}; Airflow 3.3.2 calls it core.hide_sensitive_var_conn_fields: expected settings.core.hide_sensitive_var_conn_fields",
    "settings.webserver.Web_Server_Port is {…}; a role listens only inside its container, and the stack decides where it is published: expected webserverPort and kubernetes.ingress",
  ],
  [
    "settings that the stack decides, in a section that an earlier version lacks",
    { version: "2.11.2", settings: { api_auth: { jwt_secret: "x", JWT_KID: "x" } } },
    `settings.api_auth.JWT_KID is {…}; ${signing}`,
    `settings.api_auth.jwt_secret is {…}; ${signing}`,
  ],
  [
    "an unknown setting beside one that the stack decides, in a section that an earlier version lacks",
    { version: "2.11.2", settings: { api_auth: { jwt_secret: "x", zzz: 1 } } },
    noSection("api_auth", "2.11.2"),
    `settings.api_auth.jwt_secret is {…}; ${signing}`,
  ],
  [
    "a misspelt section",
    { settings: { databse: { sql_alchemy_pool_size: 3 } } },
    noSection("databse", "3.3.2", "did you mean database? "),
  ],
  [
    "a misspelt section with an unknown setting and one with capital letters, whatever providers the image has",
    { images: { airflow: "r.test/a:3.3.2" }, settings: { databse: { SQL_Alchemy_Pool_Size: 3, zzz: 1 } } },
    noSection("databse", "3.3.2", "did you mean database? "),
  ],
  [
    "sections whose names contain that of one that accepts any setting",
    { settings: { sentry_sdk: { a: 1 }, my_sentry: { a: 1 }, my_transport_options_too: { a: 1 } } },
    ...["my_sentry", "my_transport_options_too", "sentry_sdk"].map((section) => noSection(section)),
  ],
  [
    "a section of a provider with a name like that of an existing section",
    { images: { airflow: "r.test/a:3.3.2" }, settings: { databse: { zzz: 1 } } },
  ],
  [
    "a module other than webserver_config.py with a role for everybody",
    { config: dirname(holding("public/other.py", 'AUTH_ROLE_PUBLIC = "Admin"\n')) },
  ],
  [
    "webserver_config.py with a role for everybody",
    { config: dirname(holding("open/webserver_config.py", 'AUTH_ROLE_PUBLIC = "Admin"\n')) },
    "config is …; its AUTH_ROLE_PUBLIC gives a role to everybody, without a login: expected a file without it, with users for people",
  ],
  [
    "sections that accept any setting",
    {
      settings: {
        sentry: { anything: 1 },
        celery_broker_transport_options: { a: 1 },
        my_transport_options: { a: 1 },
      },
    },
  ],
  [
    "a section of a provider that requirements bring",
    { requirements: "images/develop/requirements.txt", settings: { zzz: { a: 1 } } },
  ],
  [
    "sessions and a role of Airflow 3 as the stack has them",
    {
      settings: { fab: { session_backend: "database", auth_role_public: "" }, api: { expose_config: true } },
    },
  ],
  [
    "sessions that workers could make, and a role without a login",
    { settings: { Fab: { Session_Backend: "securecookie", auth_role_public: "Viewer" } } },
    `settings.Fab.Session_Backend is securecookie; ${madeSession}`,
    "settings.Fab.auth_role_public is Viewer; it gives a role to everybody, without a login: expected no value, with users for people",
  ],
  [
    "sessions and a configuration of Airflow 2 as the stack has them",
    {
      version: "2.11.2",
      settings: { webserver: { session_backend: "database", expose_config: "non-sensitive-only" } },
    },
  ],
  [
    "sessions that workers could make, and a configuration with secrets, in Airflow 2",
    {
      version: "2.11.2",
      settings: { webserver: { session_backend: "securecookie", expose_config: true } },
    },
    "settings.webserver.expose_config is True; it shows the stack's passwords and keys to people with the role Op: expected non-sensitive-only",
    `settings.webserver.session_backend is securecookie; ${madeSession}`,
  ],
  [
    "settings that are JSON objects",
    {
      settings: {
        secrets: { backend: "a.B", backend_kwargs: '{"token": "Tr0ub4dor"}' },
        database: { sql_alchemy_engine_args: '{"echo": true}' },
        logging: { remote_task_handler_kwargs: "" },
      },
      connections: { a: { type: "http", extra: { token: "b" } } },
    },
  ],
  [
    "settings of which Airflow reads no JSON object",
    {
      settings: {
        secrets: { backend: "a.B", backend_kwargs: "{'token': 'Tr0ub4dor&3'}" },
        database: { sql_alchemy_engine_args: "[1]" },
        fab: { custom_roles: "Tr0ub4dor&3" },
      },
    },
    "settings.database.sql_alchemy_engine_args is {…}; Airflow would not start: expected a JSON object as text",
    "settings.fab.custom_roles is {…}; Airflow would not start: expected a JSON object as text",
    "settings.secrets.backend_kwargs is {…}; Airflow would use the backend without them: expected a JSON object as text",
  ],
  [
    "an extra that is no JSON, which Airflow 2 accepts",
    { version: "2.11.2", connections: { a: { type: "http", extra: { file: holding("extra", "a=b") } } } },
  ],
  [
    "a section of a provider that the image brings",
    { images: { airflow: "r.test/a:3.3.2" }, settings: { zzz: { a: 1 } } },
  ],
];

test("a DAG folder that is copied has no links out of it, nor to a folder that a link is in", () => {
  const dags = dirname(holding("linked/a.py", ""));
  const outside = holding("outside.py", "");
  for (const [name, target] of Object.entries({
    "b.py": "a.py",
    "c.py": outside,
    all: ".",
    "d.py": "nowhere",
  }))
    symlinkSync(target, join(dags, name));
  const expected = "expected a link to a file or folder in the DAG folder, or the file itself";
  const found = [
    `dags is linked/all; it leads to a folder that it is in: ${expected}`,
    `dags is linked/c.py; it leads out of the DAG folder, to ../outside.py: ${expected}`,
  ];
  assert.deepEqual(faults({ dags, machines: [a, b] }), found);
  assert.deepEqual(faults({ dags, dagsImage: "r.test/dags" }), found);
  assert.deepEqual(faults({ dags }), []);
});

for (const [name, config, ...expected] of stacks) {
  test(`the rules between values have exactly the expected faults for ${name}`, () => {
    assert.deepEqual(
      faults(config)
        .filter((line) => !line.startsWith("publish.certificate is"))
        .map((line) => line.replace(/ expected api, .*/, " expected api, …"))
        // A name made at random may look like a password, and be masked.
        .map((line) => line.replace(/ is \S*airflow-edges-\S*;/, " is …;")),
      expected,
    );
  });
}
