import * as pulumi from "@pulumi/pulumi";
import { type PostgresLogin, postgresLogin, tlsOf } from "../settings/model/urls/postgresUrl.ts";
import { type DatabaseLogin, isInside, type Target, type Values } from "../workload.ts";

/** Where Airflow keeps its metadata, and Celery its results: a server, or what stands before one. */
export interface Database {
  /** Where the metadata is. */
  readonly target: Target;
  /** Where the results are: often the same. */
  readonly resultsTarget: Target;
  /** Airflow's metadata, for SQLAlchemy, with the password: secret. */
  readonly metadataUrl: pulumi.Output<string>;
  /** Celery's results, likewise: secret. */
  readonly resultsUrl: pulumi.Output<string>;
  /** The metadata for what does not wait: secret. Without it Airflow makes its own of `metadataUrl`. */
  readonly asyncUrl?: pulumi.Output<string>;
  /** What clients need besides, by path. */
  readonly files: Values;
  /** Whether a connection is another one after each transaction, so that nothing may be prepared on it. */
  readonly pooled: boolean;
}

/** A Postgres server, which others can stand before. */
export interface Server extends Database {
  /** Secret. */
  readonly logins: {
    readonly metadata: pulumi.Output<PostgresLogin>;
    readonly results: pulumi.Output<PostgresLogin>;
  };
  /** The authorities that its certificate may be signed by, in PEM. */
  readonly authorities?: string;
}

/**
 * Airflow's metadata for who asks from outside the stack: the server's, since PgBouncer keeps nothing that a client prepares.
 * With authorities of its own a server has to prove its name, by those that the client trusts.
 */
export function metadataLogin({ target, logins, authorities }: Server): DatabaseLogin {
  const login = logins.metadata.apply((plain) => {
    const { host, port, user, password, database } = plain;
    const sslmode = isInside(target) ? "disable" : (tlsOf(plain, authorities).sslmode ?? "prefer");
    return { host, port, user, password, database, sslmode };
  });
  return { target, login: pulumi.secret(login) as DatabaseLogin["login"] };
}

/** Reads what a stack gives as a URL, with what is wrong told without the URL. */
export function read<T>(
  key: string,
  url: pulumi.Output<string>,
  parse: (text: string) => T,
): pulumi.Output<T> {
  const parsed = url.apply((text): T => {
    try {
      return parse(text);
    } catch (error) {
      throw new pulumi.RunError(`${key} is wrong; ${error instanceof Error ? error.message : error}`);
    }
  });
  return pulumi.secret(parsed) as pulumi.Output<T>;
}

/** Reads a URL of Postgres. */
export function readLogin(key: string, url: pulumi.Output<string>): pulumi.Output<PostgresLogin> {
  return read(key, url, postgresLogin);
}
