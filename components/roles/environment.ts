import * as pulumi from "@pulumi/pulumi";
import { pools } from "../../settings/model/connections.ts";
import { isSensitive } from "../../settings/model/known.ts";
import { timings } from "../../settings/model/timings.ts";
import type { AirflowSettings } from "../../settings/schema/airflowCfg.ts";
import type { Endpoint, Values } from "../../workload.ts";
import { runtimeDirectory, secretsDirectory } from "../../workload.ts";
import type { Broker } from "../broker.ts";
import type { Database } from "../database.ts";
import { fernetKeys, type Secrets } from "../secrets.ts";
import { executor } from "./lease/lease.ts";
import { type Role, roles } from "./roles.ts";
import { versionOf } from "./versions/versionOf.ts";

/** Part of a workload: what one role is told. */
export interface RoleEnvironment {
  readonly env: Values;
  readonly secrets: Values;
  /** By path. */
  readonly files: Values;
}

export type Environment = Readonly<Record<Role, RoleEnvironment>>;

export interface EnvironmentArgs {
  /** Of Airflow. */
  readonly version: string;
  readonly broker: Pick<Broker, "url" | "files" | "tls">;
  readonly database: Omit<Database, "target" | "resultsTarget">;
  /** The database for the migration, which holds locks longer than a transaction: nothing stands before it. */
  readonly server: Pick<Database, "metadataUrl" | "files">;
  readonly webserver: Endpoint;
  readonly secrets: Pick<Secrets, "values" | "previous" | "older" | "jwks">;
  /** Login of the first administrator, and of Flower. */
  readonly adminUser: string;
  /** Where people find the webserver, if that is known to the world. */
  readonly publicUrl?: string | undefined;
  /** Whether a worker is reached by its own name; otherwise by that of its group. */
  readonly namesInstances: boolean;
  /** Tasks that each scheduler queues at most. */
  readonly parallelism: number;
  /** The later ones win. */
  readonly settings: readonly AirflowSettings[];
}

interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: pulumi.Input<string>;
  /** In the variable itself; in a file that a command reads; in a file that the setting names. */
  readonly where: "variable" | "command" | "path";
  /** Name of that file, where the key alone is not one of its own. */
  readonly file?: string;
  readonly roles: readonly Role[];
}

const results: readonly Role[] = ["scheduler", "worker"];
const celery: readonly Role[] = ["scheduler", "worker", "flower"];

/** Sections that only these roles read; every other section reaches all of them. */
const readers: Readonly<Record<string, readonly Role[]>> = {
  celery,
  celery_broker_transport_options: celery,
  celery_result_backend_transport_options: celery,
  fab: ["migration", "webserver"],
};

function plain(section: string, key: string, value: string): Setting {
  return { section, key, value, where: "variable", roles: readers[section] ?? roles };
}

function secret(section: string, key: string, value: pulumi.Input<string>, reach: readonly Role[]): Setting {
  return { section, key, value, where: "command", roles: reach };
}

/** What signs sessions, tokens and requests. */
function signing({ version, secrets: { values, jwks } }: EnvironmentArgs): Setting[] {
  const known = { jwtSecret: values.jwtSecret, apiSecretKey: values.apiSecretKey, jwks };
  return versionOf(version).keys.map(({ secret, ...setting }) => ({ ...setting, value: known[secret] }));
}

/** Those that use the metadata when the schema is there. */
function metadata(version: string): readonly Role[] {
  return versionOf(version).database.filter((role) => role !== "migration");
}

function connections({ broker, server, secrets, adminUser, ...args }: EnvironmentArgs): Setting[] {
  const { metadataUrl, resultsUrl, asyncUrl } = args.database;
  const { database, asyncDatabase: waitsForNone } = versionOf(args.version);
  const users = metadata(args.version);
  const keys = fernetKeys(secrets);
  return [
    secret("database", "sql_alchemy_conn", metadataUrl, users),
    secret("database", "sql_alchemy_conn", server.metadataUrl, ["migration"]),
    ...(asyncUrl && waitsForNone ? [secret("database", "sql_alchemy_conn_async", asyncUrl, users)] : []),
    secret(
      "celery",
      "result_backend",
      pulumi.output(resultsUrl).apply((url) => `db+${url}`),
      results,
    ),
    secret("celery", "broker_url", broker.url, celery),
    secret(
      "celery",
      "flower_basic_auth",
      secrets.values.adminPassword.apply((pw) => `${adminUser}:${pw}`),
      ["flower"],
    ),
    // Commands look for a database to note in that they were run; without one they make a file beside Airflow's own.
    {
      ...plain("database", "sql_alchemy_conn", `sqlite:///${runtimeDirectory}/airflow.db`),
      roles: roles.filter((role) => !database.includes(role)),
    },
    secret("core", "fernet_key", keys.valid, users),
    // It encrypts anew what has an old key.
    secret("core", "fernet_key", keys.all, ["migration"]),
  ];
}

/** Flower reads nothing of TLS in the URL. */
function brokerTls({ broker: { tls } }: EnvironmentArgs): Setting[] {
  if (!tls) return [];
  const active = tls.active.apply((is) => (is ? "True" : "False"));
  return [
    { ...plain("celery", "ssl_active", "True"), value: active },
    plain("celery", "ssl_mutual_tls", "False"),
    ...(tls.authorities === undefined ? [] : [plain("celery", "ssl_cacert", tls.authorities)]),
  ];
}

const pooled = {
  path: "/opt/airflow/config/pooled_connections.py",
  text: `"""A connection is another one after each transaction: what was prepared on it would be gone."""

ARGUMENTS = {"prepare_threshold": None}
`,
};

/** Where psycopg, which alone prepares statements, is told not to. */
function pooling({ version, database: { pooled } }: EnvironmentArgs): Setting[] {
  const path = "pooled_connections.ARGUMENTS";
  const { asyncDatabase: waitsForNone } = versionOf(version);
  return pooled && waitsForNone
    ? [{ ...plain("database", "sql_alchemy_connect_args_async", path), roles: metadata(version) }]
    : [];
}

/** So that all roles together stay within what Postgres has. */
function poolSizes(): Setting[] {
  return Object.entries(pools).flatMap(([role, { size, overflow }]) =>
    Object.entries({ pool_size: size, max_overflow: overflow }).map(([key, count]) => ({
      ...plain("database", `sql_alchemy_${key}`, String(count)),
      roles: [role as keyof typeof pools],
    })),
  );
}

/** Files that a role needs for its connections. */
function filesOf(role: Role, { version, broker, database, server }: EnvironmentArgs): Values {
  const users = metadata(version);
  const { files } = role === "migration" ? server : database;
  return {
    ...(users.includes(role) && database.pooled && { [pooled.path]: pooled.text }),
    ...((role === "migration" || users.includes(role) || results.includes(role)) && files),
    ...(celery.includes(role) && broker.files),
  };
}

/** Where the logs of a worker are asked for. */
function logHost({ namesInstances }: EnvironmentArgs): Setting[] {
  const callable = "airflow_local_settings.group_name";
  return namesInstances ? [] : [{ ...plain("core", "hostname_callable", callable), roles: ["worker"] }];
}

function seconds(section: string, key: string, value: number): Setting {
  return plain(section, key, String(value));
}

/** Those that have the same name in every version. */
function defaults({ parallelism }: EnvironmentArgs): Setting[] {
  return [
    plain("core", "executor", "CeleryExecutor"),
    plain("core", "auth_manager", "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"),
    plain("core", "load_examples", "False"),
    // Only schedulers read it, so that more workers replace nothing else.
    { ...plain("core", "parallelism", String(parallelism)), roles: ["scheduler"] },
    // A task whose worker died is only run again if it has a retry left.
    plain("core", "default_task_retries", "1"),
    plain("core", "default_task_retry_delay", "5"),
    seconds("scheduler", "task_queued_timeout", timings.queuedTimeout),
    seconds("celery_broker_transport_options", "visibility_timeout", timings.visibilityTimeout),
    // Without them a connection whose other end vanished is waited for forever, in the middle of reconnecting.
    seconds("celery_broker_transport_options", "socket_connect_timeout", timings.brokerConnectTimeout),
    seconds("celery_broker_transport_options", "socket_timeout", timings.brokerAnswerTimeout),
    seconds("celery_broker_transport_options", "health_check_interval", timings.brokerCheckInterval),
    // The migration has synchronised them; several webserver processes doing so at once collide.
    plain("fab", "update_fab_perms", "False"),
    plain("usage_data_collection", "enabled", "False"),
  ];
}

/** The scheduler's own, which is a CeleryExecutor to everybody else. */
function executors({ version }: EnvironmentArgs): Setting[] {
  return versionOf(version).usesExecutionApi
    ? [{ ...plain("core", "executor", executor), roles: ["scheduler"] }]
    : [];
}

function overrides(settings: AirflowSettings, version: string): Setting[] {
  return Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]) => {
      const setting = plain(section, key, value);
      if (!isSensitive(version, section, key)) return setting;
      const file = `${section}__${key}`.toLowerCase();
      return { ...setting, value: pulumi.secret(value), where: "command" as const, file };
    }),
  );
}

function variable({ section, key }: Setting): string {
  return `AIRFLOW__${section.replaceAll(".", "_")}__${key}`.toUpperCase();
}

function fileOf({ file, key }: Setting): string {
  return file ?? key;
}

function environmentOf(role: Role, settings: readonly Setting[], files: Values): RoleEnvironment {
  const reaching = settings.filter((setting) => setting.roles.includes(role));
  const hidden = reaching.filter(({ where }) => where !== "variable");
  const env = reaching.map((setting): [string, pulumi.Input<string>] => {
    const file = `${secretsDirectory}/${fileOf(setting)}`;
    if (setting.where === "command") return [`${variable(setting)}_CMD`, `cat ${file}`];
    return [variable(setting), setting.where === "path" ? file : setting.value];
  });
  return {
    env: Object.fromEntries(env),
    secrets: Object.fromEntries(hidden.map((setting) => [fileOf(setting), setting.value])),
    files,
  };
}

/** The one Airflow environment of a stack, and which role receives which part of it. */
export function environment(args: EnvironmentArgs): Environment {
  const settings = [
    ...defaults(args),
    ...poolSizes(),
    ...overrides(versionOf(args.version).settings(args), args.version),
    ...logHost(args),
    ...brokerTls(args),
    ...pooling(args),
    ...args.settings.flatMap((settings) => overrides(settings, args.version)),
    ...executors(args),
    ...connections(args),
    ...signing(args),
  ];
  const entries = roles.map((role) => [role, environmentOf(role, settings, filesOf(role, args))] as const);
  return Object.fromEntries(entries) as Record<Role, RoleEnvironment>;
}
