import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { serverDefaults } from "../../settings/model/connections.ts";
import { keptLog } from "../../settings/model/servers.ts";
import type { PostgresLogin } from "../../settings/model/urls/postgresUrl.ts";
import { type Lines, spellLine } from "../../settings/schema/services.ts";
import { type Endpoint, type Platform, secretsDirectory, type Values } from "../../workload.ts";
import { type PostgresServer, secretUrl } from "../database.ts";
import { firstOf, type Secrets } from "../secrets.ts";
import { currentLogin, type Owner } from "./logins.ts";
import { replaySeconds } from "./replay.ts";

export interface PostgresArgs {
  readonly platform: Platform;
  /** An image that keeps the contract of the official one. */
  readonly image: string;
  readonly secrets: Secrets;
  /** MiB that Postgres may use. */
  readonly memory: number;
  /** True if the backup receives the server's log. */
  readonly isReplicated: boolean;
  /** Lines of `postgresql.conf`. */
  readonly settings: Lines;
}

const volume = "/var/lib/postgresql/data";
const initialise = readFileSync(new URL("postgres.sql", import.meta.url), "utf8");

/**
 * Asks over TCP: while Postgres initialises an empty directory, it answers on its socket only. Status 1 of
 * `pg_isready` means that Postgres starts, recovers or stops: a replay of its log may take long, and a
 * restart would begin it again. The name of a process shows the progress.
 */
const accepts = [
  "pg_isready --quiet --host=127.0.0.1 && exit",
  "[ $? -eq 1 ] || exit 1",
  "echo accepts no connections yet: $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -a '^postgres: startup')",
  "exit 75",
].join("\n");

/**
 * Settings that free the locks of a client that vanished, after 60 s of silence (`tcp_user_timeout`, in ms): a client that lives may be
 * slow to read, such as a backup. Linux' defaults are two hours, and 15 minutes with an answer on its way to the client. A client
 * gives up a connection after 12 s without an answer, and its end of the connection may be all that knows. With a user timeout
 * Linux ignores the number of keepalives.
 */
const vanishedClients: Lines = {
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 3,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 60_000,
};

/** Logins that the server accepts: those of the official image, and the superuser's for replication. */
const access = "/etc/postgresql/access.conf";
const accessLines = `local all all scram-sha-256
host all all all scram-sha-256
host replication postgres all scram-sha-256
`;

/** Settings for a receiver of the log. */
const replicated: Lines = { hba_file: access, wal_keep_size: keptLog };

/** Renders settings as arguments of the server, which win over its file. */
function options(settings: Lines): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${spellLine("postgres", value)}`]);
}

/** The database server: one database and role for Airflow's metadata, another pair for Celery's results. */
export class Postgres extends pulumi.ComponentResource implements PostgresServer {
  readonly target: Endpoint;
  readonly resultsTarget: Endpoint;
  readonly metadataUrl: pulumi.Output<string>;
  readonly resultsUrl: pulumi.Output<string>;
  readonly files: Values = {};
  readonly pooled = false;
  readonly logins: PostgresServer["logins"];
  readonly replication?: pulumi.Output<PostgresLogin>;

  constructor(
    name: string,
    { platform, image, secrets, memory, isReplicated, settings }: PostgresArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("airflow:index:Postgres", name, {}, opts);
    platform.service(
      name,
      {
        image,
        command: [
          "docker-entrypoint.sh",
          "postgres",
          ...options({
            password_encryption: "scram-sha-256",
            max_connections: serverDefaults.max_connections,
            ...vanishedClients,
            ...(isReplicated && replicated),
            ...settings,
          }),
        ],
        user: { uid: 999, gid: 999 },
        env: {
          POSTGRES_USER: "postgres",
          POSTGRES_PASSWORD_FILE: `${secretsDirectory}/postgres_password`,
          POSTGRES_INITDB_ARGS: "--auth-host=scram-sha-256 --auth-local=scram-sha-256",
          // Postgres makes this directory itself: the volume's root may belong to another user.
          PGDATA: `${volume}/cluster`,
        },
        // Used for an empty data directory only. `Logins` sets later passwords, without a server restart.
        secrets: {
          postgres_password: firstOf(secrets, "postgresPassword"),
          metadata_password: firstOf(secrets, "metadataPassword"),
          results_password: firstOf(secrets, "resultsPassword"),
        },
        files: {
          "/docker-entrypoint-initdb.d/airflow.sql": initialise,
          ...(isReplicated && { [access]: accessLines }),
        },
        volumes: { [volume]: platform.volume(`${name}-data`, "exclusive") },
        // For the socket, and for the initialisation of an empty directory.
        scratch: ["/var/run/postgresql", "/tmp"],
        limits: { memory, cpu: 2 },
        // Processes that clean or query a large table together share memory there: VACUUM `maintenance_work_mem`, which is 64 MiB and
        // all of the usual size. Without room the statement fails. Takes no memory by itself.
        sharedMemory: Math.floor(memory / 2),
        reaches: [],
        stateful: true,
        priority: "control",
        port: 5432,
        healthy: { command: ["sh", "-c", accepts], startSeconds: 120, awaitedSeconds: replaySeconds },
        // SIGINT ends connections; SIGTERM would wait until clients leave.
        stop: { signal: "SIGINT", graceSeconds: 60 },
      },
      { parent: this },
    );
    this.target = platform.endpoint(name, 5432);
    this.resultsTarget = this.target;
    const login = (owner: Owner) => currentLogin(owner, secrets, this.target, owner);
    this.logins = { metadata: login("airflow"), results: login("airflow_results") };
    if (isReplicated) {
      this.replication = secrets.values.postgresPassword.apply((password): PostgresLogin => {
        return { ...this.target, user: "postgres", password, database: "postgres", parameters: {} };
      });
    }
    this.metadataUrl = secretUrl(this.logins.metadata, "psycopg2");
    this.resultsUrl = secretUrl(this.logins.results, "psycopg2");
    this.registerOutputs();
  }
}
