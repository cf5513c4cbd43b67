import { type PostgresLogin, tlsOf } from "../../settings/model/urls/postgresUrl.ts";
import { secretsDirectory } from "../../workload.ts";

/** Secret files of PgBouncer: its logins to Postgres, and the users that may log in to it. */
export const pgbouncerSecrets = { databases: "databases.ini", users: "users.txt" };

/** PgBouncer's access rules, its port, and its names of the two databases. */
export const hbaFile = "/etc/pgbouncer/hba.conf";
export const pgbouncerPort = 6432;
export const databases = { metadata: "metadata", results: "results" };

/** A user who may log in to one of PgBouncer's databases. */
export interface PgbouncerUser {
  readonly database: keyof typeof databases;
  readonly user: string;
  readonly password: string;
}

export interface PgbouncerConf {
  /** Connections to Postgres for each of the two databases. */
  readonly poolSize: number;
  /** Maximum number of client connections. */
  readonly clients: number;
}

/** TLS between PgBouncer and Postgres. */
export interface ServerTls {
  readonly sslmode?: string;
  /** Path of the file with the authorities. */
  readonly sslrootcert?: string;
}

/**
 * Renders pgbouncer.ini, which includes the secret files and is not secret itself. The whole `[pgbouncer]` section
 * is here, since a repeated section resets the options of the earlier one.
 */
export function pgbouncerConf({ poolSize, clients }: PgbouncerConf, tls: ServerTls): string {
  return `%include ${secretsDirectory}/${pgbouncerSecrets.databases}

[pgbouncer]
listen_addr = *
listen_port = ${pgbouncerPort}
unix_socket_dir =
auth_type = hba
auth_hba_file = ${hbaFile}
auth_file = ${secretsDirectory}/${pgbouncerSecrets.users}
; Lends a client a connection to Postgres for one transaction: Airflow keeps no state on connections between transactions.
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = ${clients}
ignore_startup_parameters = extra_float_digits
server_tls_sslmode = ${tls.sslmode ?? "prefer"}
server_tls_ca_file = ${tls.sslrootcert ?? ""}
; Reconnects every 2 s when Postgres restarts; queries of clients wait up to 60 s.
server_login_retry = 2
query_wait_timeout = 60
; Closes connections of clients that vanished after 60 s of silence, for which Linux ignores tcp_keepcnt: a client may hold locks.
tcp_keepalive = 1
tcp_keepidle = 5
tcp_keepintvl = 3
tcp_keepcnt = 3
tcp_user_timeout = 60000
log_connections = 0
log_disconnections = 0
log_stats = 0
`;
}

/**
 * Renders the access rules: which user may use which database. PgBouncer itself logs in to Postgres, so nothing
 * else keeps workers from the metadata.
 */
export function pgbouncerHba(users: readonly Omit<PgbouncerUser, "password">[]): string {
  const rules = users.flatMap(({ database, user }) =>
    ["0.0.0.0/0", "::/0"].map((from) => `host ${databases[database]} ${user} ${from} scram-sha-256\n`),
  );
  return rules.join("");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function line(name: string, { host, port, database, user, password }: PostgresLogin): string {
  const parts = { host, port: String(port), dbname: database, user, password };
  const words = Object.entries(parts).map(([key, value]) => `${key}=${quoted(value)}`);
  return `${name} = ${words.join(" ")}\n`;
}

interface Logins {
  readonly metadata: PostgresLogin;
  readonly results: PostgresLogin;
}

/**
 * Returns the TLS settings for both databases.
 * @param ca path of the file with the authorities
 * @throws Error if the databases have different `sslmode`s
 */
export function serverTls({ metadata, results }: Logins, ca?: string): ServerTls {
  const [tls, other] = [tlsOf(metadata, ca), tlsOf(results, ca)];
  if (tls.sslmode === other.sslmode) return tls;
  throw new Error("postgres.url and postgres.resultsUrl differ in sslmode; expected one for pgbouncer");
}

/** Renders PgBouncer's logins to Postgres: secret. */
export function pgbouncerDatabases({ metadata, results }: Logins): string {
  return `[databases]
${line(databases.metadata, metadata)}${line(databases.results, results)}`;
}

/** Renders the users that may log in to PgBouncer: secret. */
export function pgbouncerUsers(users: readonly PgbouncerUser[]): string {
  return users.map(({ user, password }) => `"${user}" "${password.replaceAll('"', '""')}"\n`).join("");
}
