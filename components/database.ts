import * as pulumi from "@pulumi/pulumi";
import {
  hostElsewhere,
  onlyByName,
  type PostgresLogin,
  postgresLogin,
  postgresUrl,
  tlsOf,
} from "../settings/model/urls/postgresUrl.ts";
import { type DatabaseLogin, isInside, type Target, type Values } from "../workload.ts";

/** Database of Airflow's metadata and Celery's results: a Postgres server, or PgBouncer in front of one. */
export interface Database {
  /** Server of the metadata. */
  readonly target: Target;
  /** Server of the results: often the same. */
  readonly resultsTarget: Target;
  /** URL of Airflow's metadata for SQLAlchemy, with the password: secret. */
  readonly metadataUrl: pulumi.Output<string>;
  /** URL of Celery's results for SQLAlchemy, with the password: secret. */
  readonly resultsUrl: pulumi.Output<string>;
  /** URL of the metadata for async connections: secret. If absent, Airflow derives one from `metadataUrl`. */
  readonly asyncUrl?: pulumi.Output<string>;
  /** Files that clients also need, by path. */
  readonly files: Values;
  /** True if each transaction may get another server connection, so that no statement may be prepared. */
  readonly pooled: boolean;
}

/** A Postgres server, which PgBouncer can stand in front of. */
export interface PostgresServer extends Database {
  /** Secret. */
  readonly logins: {
    readonly metadata: pulumi.Output<PostgresLogin>;
    readonly results: pulumi.Output<PostgresLogin>;
  };
  /** Login that may receive the server's log; undefined if nothing does. Secret. */
  readonly replication?: pulumi.Output<PostgresLogin>;
  /** Authorities that may sign the server's certificate, in PEM. */
  readonly authorities?: string;
}

/**
 * Returns the login to Airflow's metadata for clients outside the stack: at the server, since PgBouncer keeps
 * no prepared statements. A server with authorities of its own must prove its name, with a certificate from
 * authorities that the client trusts.
 * @param extraHosts additional hosts of the stack, which these clients do not know
 */
export function metadataLogin(
  { target, logins, authorities }: PostgresServer,
  extraHosts: Readonly<Record<string, string>>,
): DatabaseLogin {
  const login = logins.metadata.apply((plain) => {
    const { port, user, password, database } = plain;
    const host = hostElsewhere(plain, authorities, extraHosts);
    if (host === undefined) throw new pulumi.RunError(`postgres.url: ${onlyByName}`);
    const sslmode = isInside(target) ? "disable" : (tlsOf(plain, authorities).sslmode ?? "prefer");
    return { host, port, user, password, database, sslmode };
  });
  return { target, login: pulumi.secret(login) as DatabaseLogin["login"] };
}

/**
 * Returns the URL of a database for clients: secret.
 * @param ca path of the file with the authorities, on the client's side
 */
export function secretUrl(
  login: pulumi.Output<PostgresLogin>,
  driver?: "psycopg2" | "psycopg",
  ca?: string,
): pulumi.Output<string> {
  return pulumi.secret(login.apply((plain) => postgresUrl(plain, driver, ca)));
}

/** Parses a URL of the stack file: secret. An error says which form is expected, and never shows the URL. */
export function parsedUrl<T>(
  key: string,
  url: pulumi.Output<string>,
  parse: (text: string) => T,
): pulumi.Output<T> {
  const parsed = url.apply((text): T => {
    try {
      return parse(text);
    } catch (error) {
      throw new pulumi.RunError(`${key} has another form; ${error instanceof Error ? error.message : error}`);
    }
  });
  return pulumi.secret(parsed) as pulumi.Output<T>;
}

/** Parses the URL of a Postgres database. */
export function readLogin(key: string, url: pulumi.Output<string>): pulumi.Output<PostgresLogin> {
  return parsedUrl(key, url, postgresLogin);
}
