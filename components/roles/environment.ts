import * as pulumi from "@pulumi/pulumi";
import { type Role, type RoleFacts, roles, rolesWhere, roleTable } from "../../roles.ts";
import { isSensitive } from "../../settings/model/known.ts";
import { timings } from "../../settings/model/timings.ts";
import type { AirflowSettings } from "../../settings/schema/airflowCfg.ts";
import { majorOf } from "../../settings/schema/versions.ts";
import { type Endpoint, runtimeDirectory, secretsDirectory, type Values } from "../../workload.ts";
import { type Broker, type BrokerTls, clientKey } from "../broker.ts";
import type { Database } from "../database.ts";
import { fernetKeys, type Secrets } from "../secrets.ts";
import { executor } from "./lease/lease.ts";
import { celery, leftToReaders, sectionReaders } from "./readers.ts";
import { versionOf } from "./versions/versionOf.ts";

/** The part of a workload that configures one role. */
interface RoleEnvironment {
  readonly env: Values;
  readonly secrets: Values;
  /** Contents by path. */
  readonly files: Values;
}

export type Environment = Readonly<Record<Role, RoleEnvironment>>;

export interface EnvironmentArgs {
  /** Version of Airflow. */
  readonly version: string;
  readonly broker: Pick<Broker, "url" | "files" | "tls">;
  readonly database: Omit<Database, "target" | "resultsTarget">;
  /** Database for the migration, without PgBouncer: the migration holds locks longer than a transaction. */
  readonly server: Pick<Database, "metadataUrl" | "files">;
  readonly webserver: Endpoint;
  readonly secrets: Pick<Secrets, "values" | "previous" | "older" | "jwks">;
  /** Login of the first administrator, and of Flower. */
  readonly adminUser: string;
  /** Public URL of the webserver, if there is one. */
  readonly publicUrl?: string | undefined;
  /** URL of the webserver for people at the deploying machine. */
  readonly localUrl: string;
  /** True if a worker is reached by its own name; otherwise by its group's. */
  readonly namesInstances: boolean;
  /** Maximum number of tasks that each scheduler queues. */
  readonly parallelism: number;
  /** Settings of the stack; later ones win. */
  readonly settings: readonly AirflowSettings[];
}

interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: pulumi.Input<string>;
  /** Place of the value: the variable itself, a file that a command reads, or one that the setting names. */
  readonly delivery: "variable" | "command" | "path";
  /** Name of that file, where the key alone is not unique. */
  readonly file?: string;
  readonly roles: readonly Role[];
}

const results = rolesWhere((facts) => facts.results === true);

function asVariable(section: string, key: string, value: string): Setting {
  return { section, key, value, delivery: "variable", roles: sectionReaders(section) };
}

function asSecret(
  section: string,
  key: string,
  value: pulumi.Input<string>,
  reach: readonly Role[],
): Setting {
  return { section, key, value, delivery: "command", roles: reach };
}

/** Lists the keys that sign sessions, tokens and requests. */
function signing({ version, secrets: { values, jwks } }: EnvironmentArgs): Setting[] {
  const known = { jwtSecret: values.jwtSecret, apiSecretKey: values.apiSecretKey, jwks };
  return versionOf(version).keys.map(({ secret, ...setting }) => ({ ...setting, value: known[secret] }));
}

/** Lists the roles that use the metadata once the schema exists. */
function metadataUsers(version: string): readonly Role[] {
  return metadataRoles(version).filter((role) => role !== "migration");
}

/** Lists the roles that use the metadata. */
function metadataRoles(version: string): readonly Role[] {
  return rolesWhere(({ database }) => database?.includes(majorOf(version)) === true);
}

function connections({ broker, server, secrets, adminUser, ...args }: EnvironmentArgs): Setting[] {
  const { metadataUrl, resultsUrl, asyncUrl } = args.database;
  const { asyncDatabase } = versionOf(args.version);
  const database = metadataRoles(args.version);
  const users = metadataUsers(args.version);
  const keys = fernetKeys(secrets);
  return [
    asSecret("database", "sql_alchemy_conn", metadataUrl, users),
    asSecret("database", "sql_alchemy_conn", server.metadataUrl, ["migration"]),
    ...(asyncUrl && asyncDatabase ? [asSecret("database", "sql_alchemy_conn_async", asyncUrl, users)] : []),
    asSecret(
      "celery",
      "result_backend",
      pulumi.output(resultsUrl).apply((url) => `db+${url}`),
      results,
    ),
    asSecret("celery", "broker_url", broker.url, celery),
    asSecret(
      "celery",
      "flower_basic_auth",
      secrets.values.adminPassword.apply((pw) => `${adminUser}:${pw}`),
      ["flower"],
    ),
    // Airflow's commands record each run in a database; without one they make a file in Airflow's home.
    {
      ...asVariable("database", "sql_alchemy_conn", `sqlite:///${runtimeDirectory}/airflow.db`),
      roles: roles.filter((role) => !database.includes(role)),
    },
    asSecret("core", "fernet_key", keys.valid, users),
    // The migration re-encrypts values that have an old key.
    asSecret("core", "fernet_key", keys.all, ["migration"]),
  ];
}

function clientCertificate({ certificate, key }: NonNullable<BrokerTls["client"]>): Setting[] {
  return [
    asVariable("celery", "ssl_cert", certificate),
    { section: "celery", key: "ssl_key", value: key, delivery: "path", file: clientKey, roles: celery },
  ];
}

/** Repeats the broker's TLS parameters as settings: Flower ignores those in the URL. */
function brokerTls({ broker: { tls } }: EnvironmentArgs): Setting[] {
  if (!tls) return [];
  const active = tls.active.apply((is) => (is ? "True" : "False"));
  return [
    { ...asVariable("celery", "ssl_active", "True"), value: active },
    asVariable("celery", "ssl_mutual_tls", tls.client === undefined ? "False" : "True"),
    ...(tls.authorities === undefined ? [] : [asVariable("celery", "ssl_cacert", tls.authorities)]),
    ...(tls.client === undefined ? [] : clientCertificate(tls.client)),
  ];
}

const pooled = {
  path: "/opt/airflow/config/pooled_connections.py",
  text: `"""A connection is another one after each transaction: what was prepared on it would be gone."""

ARGUMENTS = {"prepare_threshold": None}
`,
};

/** Turns off prepared statements in psycopg, the only driver that uses them. */
function pooling({ version, database: { pooled } }: EnvironmentArgs): Setting[] {
  const path = "pooled_connections.ARGUMENTS";
  const { asyncDatabase } = versionOf(version);
  return pooled && asyncDatabase
    ? [{ ...asVariable("database", "sql_alchemy_connect_args_async", path), roles: metadataUsers(version) }]
    : [];
}

/** Sizes the pools so that all roles together stay within the connections of Postgres. */
function poolSizes(): Setting[] {
  return roles.flatMap((role) => {
    const { pool }: RoleFacts = roleTable[role];
    if (!pool) return [];
    return Object.entries({ pool_size: pool.size, max_overflow: pool.overflow }).map(([key, count]) => ({
      ...asVariable("database", `sql_alchemy_${key}`, String(count)),
      roles: [role],
    }));
  });
}

/** Collects the files that a role needs for its connections. */
function filesOf(role: Role, { version, broker, database, server }: EnvironmentArgs): Values {
  const users = metadataUsers(version);
  const { files } = role === "migration" ? server : database;
  return {
    ...(users.includes(role) && database.pooled && { [pooled.path]: pooled.text }),
    ...((role === "migration" || users.includes(role) || results.includes(role)) && files),
    ...(celery.includes(role) && broker.files),
  };
}

const byGroup = asVariable("core", "hostname_callable", "airflow_on_celery.heartbeat.group_name");

/** Names an instance with a number by its service for log requests, where its own name cannot be reached. */
export const groupHost: Values = { [variable(byGroup)]: byGroup.value };

function logHost({ namesInstances }: EnvironmentArgs): Setting[] {
  return namesInstances ? [] : [{ ...byGroup, roles: ["worker"] }];
}

/**
 * Makes links in mails and logs lead to the port that people use. The webserver itself follows the address of each
 * request: with a fixed address, a login through a user's own tunnel would end at another address than it began at.
 */
function links({ version, publicUrl, localUrl }: EnvironmentArgs): Setting[] {
  if (publicUrl !== undefined) return [];
  const writers = roles.filter((role) => !["migration", "webserver", "flower"].includes(role));
  return [{ ...asVariable(versionOf(version).webserver.section, "base_url", localUrl), roles: writers }];
}

function asSeconds(section: string, key: string, value: number): Setting {
  return asVariable(section, key, String(value));
}

/** Lists the stack's defaults that have the same key in every version of Airflow. */
function defaults({ version, parallelism }: EnvironmentArgs): Setting[] {
  const { webserver } = versionOf(version);
  return [
    asVariable("core", "executor", "CeleryExecutor"),
    asVariable("core", "auth_manager", "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"),
    asVariable("core", "load_examples", "False"),
    // Set for schedulers only, so that more workers replace no other role.
    { ...asVariable("core", "parallelism", String(parallelism)), roles: ["scheduler"] },
    // A task whose worker died runs again only if it has a retry left.
    asVariable("core", "default_task_retries", "1"),
    asVariable("core", "default_task_retry_delay", "5"),
    asSeconds("scheduler", "task_queued_timeout", timings.queuedTimeout),
    // A task that waits longer gets a fresh token; Airflow fails it at the third time, though it only waits for a place.
    { ...asVariable("scheduler", "num_stuck_in_queued_retries", "1000000"), roles: ["scheduler"] },
    {
      ...asSeconds("scheduler", "orphaned_tasks_check_interval", timings.orphanCheck),
      roles: ["scheduler"],
    },
    asSeconds("celery_broker_transport_options", "visibility_timeout", timings.visibilityTimeout),
    // Without these timeouts a worker waits forever for a vanished peer, even while it reconnects.
    asSeconds("celery_broker_transport_options", "socket_connect_timeout", timings.brokerConnectTimeout),
    asSeconds("celery_broker_transport_options", "socket_timeout", timings.brokerAnswerTimeout),
    asSeconds("celery_broker_transport_options", "health_check_interval", timings.brokerCheckInterval),
    // Nothing reads from the results that a task has started, which costs each task a transaction.
    asVariable("celery", "task_track_started", "False"),
    // The migration synchronises permissions; several webserver processes doing so at once collide.
    asVariable("fab", "update_fab_perms", "False"),
    asVariable("usage_data_collection", "enabled", "False"),
    // A worker starts its log server at the first request.
    { ...asSeconds(webserver.section, "log_fetch_timeout_sec", timings.logAnswer), roles: ["webserver"] },
  ];
}

/** Sets the scheduler's own executor; all other roles see a CeleryExecutor. */
function executors({ version }: EnvironmentArgs): Setting[] {
  return versionOf(version).usesExecutionApi
    ? [{ ...asVariable("core", "executor", executor), roles: ["scheduler"] }]
    : [];
}

function overrides(settings: AirflowSettings, version: string): Setting[] {
  return Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]) => {
      const setting = asVariable(section, key, value);
      if (!isSensitive(version, section, key)) return setting;
      const file = `${section}__${key}`.toLowerCase();
      return { ...setting, value: pulumi.secret(value), delivery: "command" as const, file };
    }),
  );
}

/** Returns the environment variable of an Airflow setting: `AIRFLOW__CORE__PARALLELISM`. */
export function variable({ section, key }: Pick<Setting, "section" | "key">): string {
  return `AIRFLOW__${section.replaceAll(".", "_")}__${key}`.toUpperCase();
}

function secretName({ file, key }: Setting): string {
  return file ?? key;
}

function environmentOf(role: Role, settings: readonly Setting[], files: Values): RoleEnvironment {
  const reaching = settings.filter((setting) => setting.roles.includes(role));
  const hidden = reaching.filter(({ delivery }) => delivery !== "variable");
  const env = reaching.map((setting): [string, pulumi.Input<string>] => {
    const file = `${secretsDirectory}/${secretName(setting)}`;
    if (setting.delivery === "command") return [`${variable(setting)}_CMD`, `cat ${file}`];
    return [variable(setting), setting.delivery === "path" ? file : setting.value];
  });
  return {
    env: Object.fromEntries(env),
    secrets: Object.fromEntries(hidden.map((setting) => [secretName(setting), setting.value])),
    files,
  };
}

/** Builds the one Airflow environment of a stack, and gives each role its part. */
export function environment(args: EnvironmentArgs): Environment {
  const settings = [
    ...defaults(args),
    ...poolSizes(),
    ...overrides(versionOf(args.version).settings(args), args.version),
    ...links(args),
    ...logHost(args),
    ...brokerTls(args),
    ...pooling(args),
    ...args.settings.flatMap((settings) => overrides(settings, args.version)),
    ...executors(args),
    ...connections(args),
    ...signing(args),
  ].map(leftToReaders(args.version, args.settings));
  const entries = roles.map((role) => [role, environmentOf(role, settings, filesOf(role, args))] as const);
  return Object.fromEntries(entries) as Record<Role, RoleEnvironment>;
}
