import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { PostgresLogin } from "../../settings/model/urls/postgresUrl.ts";
import type { Outside, Values } from "../../workload.ts";
import { type PostgresServer, readLogin, secretUrl } from "../database.ts";

export interface ExternalPostgresArgs {
  readonly url: pulumi.Output<string>;
  /** Database for Celery's results; if absent, the metadata database has them, and workers know its login. */
  readonly resultsUrl?: pulumi.Output<string> | undefined;
  /** File with the authorities that may sign the server's certificate. */
  readonly ca?: string | undefined;
}

const authorities = "/opt/airflow/postgres-ca.pem";

/** Returns a target without the host; the port is not secret, since network policies need it. */
function outside(name: string, login: pulumi.Output<PostgresLogin>): Outside {
  return { outside: name, port: pulumi.unsecret(login.apply(({ port }) => port)) };
}

/** A Postgres server outside the stack. */
export class ExternalPostgres extends pulumi.ComponentResource implements PostgresServer {
  readonly target: Outside;
  readonly resultsTarget: Outside;
  readonly metadataUrl: pulumi.Output<string>;
  readonly resultsUrl: pulumi.Output<string>;
  readonly asyncUrl: pulumi.Output<string>;
  readonly files: Values;
  readonly pooled = false;
  readonly logins: PostgresServer["logins"];
  readonly authorities?: string;
  /** Path of the authorities among `files`. */
  readonly authoritiesFile: string | undefined;

  constructor(
    name: string,
    { url, resultsUrl, ca }: ExternalPostgresArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("airflow:index:ExternalPostgres", name, {}, opts);
    const metadata = readLogin("postgres.url", url);
    const results = resultsUrl ? readLogin("postgres.resultsUrl", resultsUrl) : metadata;
    if (ca !== undefined) this.authorities = readFileSync(ca, "utf8");
    this.files = this.authorities === undefined ? {} : { [authorities]: this.authorities };
    this.authoritiesFile = ca === undefined ? undefined : authorities;
    this.logins = { metadata, results };
    this.target = outside(name, metadata);
    this.resultsTarget = resultsUrl ? outside(`${name}-results`, results) : this.target;
    this.metadataUrl = secretUrl(metadata, "psycopg2", this.authoritiesFile);
    this.resultsUrl = secretUrl(results, "psycopg2", this.authoritiesFile);
    // Airflow's default driver, asyncpg, knows none of libpq's parameters.
    this.asyncUrl = secretUrl(metadata, "psycopg", this.authoritiesFile);
    this.registerOutputs();
  }
}
