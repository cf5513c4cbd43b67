import { airflowOptions } from "../../model/airflowOptions.ts";
import { faultAt } from "../fault.ts";
import { entryFaults } from "../roles/entries.ts";
import { rule } from "../rule.ts";
import { twiceFaults } from "../twice.ts";

const listens =
  "a role listens only inside its container, and the stack decides where it is published: expected";

const tls =
  "requests inside the stack, such as health checks, use plain HTTP: expected publish.certificate and publish.key, or kubernetes.ingress.tlsSecret";

const logPort = "the stack decides the port at which logs are read: expected no value; remove it";

const brokerTls = "the broker's URL decides on TLS: expected redis.url with rediss://, and redis.ca";

const clientTls = "the broker's keys name the certificate: expected redis.certificate and redis.key";

const signing = "the stack mints the key that signs tokens: expected secrets.jwtSecret";

const metadata = "the metadata is in the stack's Postgres: expected postgres.url, for an existing database";

const web = `${listens} webserverPort and kubernetes.ingress`;

const flower = `${listens} flowerPort and kubernetes.ingress`;

/** Settings that the stack mints or decides itself, by `section.key`, with the message that names the alternative. */
const reserved: Readonly<Record<string, string>> = {
  "api.secret_key": "the stack mints it: expected secrets.apiSecretKey",
  "webserver.secret_key": "the stack mints it: expected secrets.apiSecretKey",
  "api_auth.jwt_secret": signing,
  "api_auth.jwt_private_key_path": signing,
  "api_auth.jwt_algorithm": signing,
  "api_auth.jwt_kid": signing,
  "api_auth.trusted_jwks_url": signing,
  "core.fernet_key": "the stack mints it: expected secrets.fernetKey",
  "celery.broker_url": "tasks are queued in the stack's Redis: expected redis.url, for an existing broker",
  "celery.flower_basic_auth":
    "Flower uses the administrator's login: expected adminUser and secrets.adminPassword",
  "database.sql_alchemy_conn": metadata,
  "core.sql_alchemy_conn": metadata,
  "api.host": web,
  "api.port": web,
  "webserver.web_server_host": web,
  "webserver.web_server_port": web,
  "api.ssl_cert": tls,
  "api.ssl_key": tls,
  "api.ssl_ca_file": tls,
  "api.ssl_cert_reqs": tls,
  "webserver.web_server_ssl_cert": tls,
  "webserver.web_server_ssl_key": tls,
  "core.execution_api_server_url":
    "tasks report to the stack's webserver, whose address follows from the stack: expected no value; remove it",
  "core.dags_folder": "the stack delivers DAGs to every role: expected dags, dagsImage or dagsGit",
  "core.hostname_callable":
    "the webserver reads a worker's logs at the host name that the stack gives it: expected no value; remove it",
  "logging.base_log_folder": "the webserver finds logs only in this folder: expected no value; remove it",
  "scheduler.standalone_dag_processor":
    "the version decides which role reads DAG files: expected no value; remove it",
  "celery.celery_config_options":
    "it replaces all of Celery's configuration, including the broker's address: expected settings.celery and settings.celery.extra_celery_config",
  "celery_broker_transport_options.global_keyprefix":
    "the scheduler and the monitoring look for queues and leases by their names: expected redis.url with a database of its own, rediss://…/1",
  "celery.ssl_active": brokerTls,
  "celery.ssl_cacert": brokerTls,
  "celery.ssl_mutual_tls": clientTls,
  "celery.ssl_cert": clientTls,
  "celery.ssl_key": clientTls,
  "celery.worker_autoscale":
    "workers get it as an argument: expected workerMinConcurrency and workerConcurrency",
  "celery.worker_concurrency": "workers get it as an argument: expected workerConcurrency",
  "celery.flower_url_prefix":
    "health checks and people must find Flower at the same path: expected kubernetes.ingress.flower, a host name with a path",
  "database.sql_alchemy_conn_async": metadata,
  "logging.worker_log_server_port": logPort,
  "logging.trigger_log_server_port": logPort,
  "celery.flower_host": flower,
  "celery.flower_port": flower,
};

/** Removes the suffix of other ways to give a secret: `fernet_key_cmd`, `fernet_key_secret`. */
function withoutSuffix(name: string): string {
  return name.replace(/_(cmd|secret)$/, "");
}

/** Explains what replaces a setting, by its name in lower case, that is the stack's own; undefined for any other setting. */
export function insteadOf(name: string): string | undefined {
  return reserved[name] ?? reserved[withoutSuffix(name)];
}

/** True if a setting, by its name in lower case, is the stack's own; for the result backend see celery.ts. */
export function isReserved(name: string): boolean {
  return insteadOf(name) !== undefined || withoutSuffix(name) === "celery.result_backend";
}

/** Rejects a setting of Airflow that is given twice, in upper and lower case. */
const twice = rule(["settings.*.*"], ({ settings }) => {
  const paths = Object.entries(settings).flatMap(([section, keys]) =>
    Object.keys(keys).map((key) => ["settings", section, key]),
  );
  return twiceFaults(paths, "Airflow");
});

/** Rejects settings that are the stack's own. */
const reservedOptions = rule(["settings.*.*"], (parsed) =>
  [...airflowOptions(parsed)].flatMap(([name, { path }]) => faultAt(path, insteadOf(name))),
);

/** Names the key that replaces an `AIRFLOW__SECTION__KEY` variable, in any case and with any suffix. */
function keyForVariable(variable: string): string {
  const [, section = "", key = ""] = /^airflow__(.+?)__(.+)$/.exec(variable.toLowerCase()) ?? [];
  const name = `${section}.${key}`;
  if (withoutSuffix(name) === "celery.result_backend")
    return "results are in the stack's Postgres: expected postgres.resultsUrl, for an existing database";
  return insteadOf(name) ?? "it is a setting of airflow.cfg: expected settings, by section and key";
}

/** Rejects settings of airflow.cfg as variables of a role, which would bypass all checks and reveal secrets. */
const variables = rule(["roles.*.env.*"], ({ roles }) =>
  entryFaults(roles, "env", (variable) =>
    /^AIRFLOW__/i.test(variable) ? keyForVariable(variable) : undefined,
  ),
);

export const reservedRules = [reservedOptions, twice, variables];
