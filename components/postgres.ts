import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Endpoint, Platform } from "../workload.ts";
import { secretsDirectory } from "../workload.ts";
import { inUrl } from "./inUrl.ts";
import { loginOf, type Owner, owners } from "./logins.ts";
import { firstOf, type Secrets } from "./secrets.ts";

export interface PostgresArgs {
  readonly platform: Platform;
  /** An image that keeps the contract of the official one. */
  readonly image: string;
  readonly secrets: Secrets;
}

const volume = "/var/lib/postgresql/data";
const initialise = readFileSync(new URL("postgres.sql", import.meta.url), "utf8");

/** The database server: one database and role for Airflow's metadata, another pair for Celery's results. */
export class Postgres extends pulumi.ComponentResource {
  readonly endpoint: Endpoint;
  /** Airflow's metadata, for SQLAlchemy, with the password: secret. */
  readonly metadataUrl: pulumi.Output<string>;
  /** Celery's results, likewise: secret. */
  readonly resultsUrl: pulumi.Output<string>;

  constructor(
    name: string,
    { platform, image, secrets }: PostgresArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("airflow:index:Postgres", name, {}, opts);
    platform.service(
      name,
      {
        image,
        command: ["docker-entrypoint.sh", "postgres", "-c", "password_encryption=scram-sha-256"],
        user: { uid: 999, gid: 999 },
        env: {
          POSTGRES_USER: "postgres",
          POSTGRES_PASSWORD_FILE: `${secretsDirectory}/postgres_password`,
          POSTGRES_INITDB_ARGS: "--auth-host=scram-sha-256 --auth-local=scram-sha-256",
          // A directory of its own making: that of a volume may belong to somebody else.
          PGDATA: `${volume}/cluster`,
        },
        // Only an empty data directory reads them. Later ones are the logins' affair: the server is not restarted for them.
        secrets: {
          postgres_password: firstOf(secrets, "postgresPassword"),
          metadata_password: firstOf(secrets, "metadataPassword"),
          results_password: firstOf(secrets, "resultsPassword"),
        },
        files: { "/docker-entrypoint-initdb.d/airflow.sql": initialise },
        volumes: { [volume]: platform.volume(`${name}-data`, "exclusive") },
        // For its socket, and while it initialises an empty directory.
        scratch: ["/var/run/postgresql", "/tmp"],
        limits: { memory: 1024, cpu: 2 },
        reaches: [],
        stateful: true,
        priority: "control",
        port: 5432,
        // Over TCP: while it initialises an empty directory, Postgres answers on its socket alone.
        healthy: { command: ["pg_isready", "--quiet", "--host=127.0.0.1"], startSeconds: 120 },
        // SIGINT ends connections; SIGTERM would wait for the clients to leave.
        stop: { signal: "SIGINT", graceSeconds: 60 },
      },
      { parent: this },
    );
    this.endpoint = platform.endpoint(name, 5432);
    const { host, port } = this.endpoint;
    const url = (owner: Owner) => {
      const { current } = loginOf(owner, secrets);
      const password = secrets.values[owners[owner]].apply(inUrl);
      return pulumi.secret(
        pulumi.interpolate`postgresql+psycopg2://${current}:${password}@${host}:${port}/${owner}`,
      );
    };
    this.metadataUrl = url("airflow");
    this.resultsUrl = url("airflow_results");
    this.registerOutputs();
  }
}
