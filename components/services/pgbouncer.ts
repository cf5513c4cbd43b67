import * as pulumi from "@pulumi/pulumi";
import { type Endpoint, isInside, type Platform, type Values } from "../../workload.ts";
import { type Database, type PostgresServer, secretUrl } from "../database.ts";
import { targets } from "../roles/role.ts";
import type { Secrets } from "../secrets.ts";
import { currentLogin, loginOf, type Owner, owners } from "./logins.ts";
import * as conf from "./pgbouncer.ini.ts";

export interface PgbouncerArgs extends conf.PgbouncerConf {
  readonly platform: Platform;
  /** An image with `pgbouncer` and bash. */
  readonly image: string;
  readonly server: PostgresServer;
  readonly secrets: Secrets;
  /** Addresses of additional hosts, by host name; the server may be one of them. */
  readonly hosts: Readonly<Record<string, string>>;
}

const authorities = "/etc/pgbouncer/postgres-ca.pem";
const file = "/etc/pgbouncer/pgbouncer.ini";

/** Raises the number of open files, which recent engines limit to 1024: PgBouncer has one for each connection, and keeps the limit. */
const start = `ulimit -Sn hard && exec pgbouncer ${file}`;

/** Sends a TLS request, which PgBouncer's main loop answers without a login; needs no program but a shell. */
const answers = [
  `exec 3<>/dev/tcp/127.0.0.1/${conf.pgbouncerPort}`,
  "printf '\\0\\0\\0\\10\\4\\322\\26\\57' >&3",
  "read -r -N 1 -t 5 answer <&3",
  "[[ $answer == [NS] ]]",
].join(" && ");

/** Owners whose logins each of PgBouncer's databases accepts: the same as in the stack's own Postgres. */
const ownerOf = { metadata: "airflow", results: "airflow_results" } as const satisfies Record<string, Owner>;
type DatabaseName = keyof typeof ownerOf;

/** Lists the current logins and the previous ones. */
function usersOf(secrets: Secrets): pulumi.Output<conf.PgbouncerUser[]> {
  const { values, previous } = secrets;
  const all = (Object.keys(ownerOf) as DatabaseName[]).map((database) => {
    const { [database]: owner } = ownerOf;
    const name = owners[owner];
    const login = loginOf(owner, secrets);
    return pulumi
      .all([login.current, login.previous, values[name], previous])
      .apply(([current, before, password, { [name]: earlier }]): conf.PgbouncerUser[] => [
        { database, user: current, password },
        ...(earlier === undefined ? [] : [{ database, user: before, password: earlier }]),
      ]);
  });
  return pulumi.all(all).apply((users) => users.flat());
}

/** Pools the many connections of roles in front of Postgres: Postgres sees one per running transaction. */
export class Pgbouncer extends pulumi.ComponentResource implements Database {
  readonly target: Endpoint;
  readonly resultsTarget: Endpoint;
  readonly metadataUrl: pulumi.Output<string>;
  readonly resultsUrl: pulumi.Output<string>;
  readonly asyncUrl: pulumi.Output<string>;
  readonly files: Values = {};
  readonly pooled = true;

  constructor(name: string, args: PgbouncerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Pgbouncer", name, {}, opts);
    const { platform, image, server, secrets, hosts, poolSize, clients } = args;
    const ca = server.authorities === undefined ? undefined : authorities;
    const users = usersOf(secrets);
    const logins = pulumi.output(server.logins);
    platform.service(
      name,
      {
        image,
        command: ["bash", "-c", start],
        user: { uid: 999, gid: 999 },
        files: {
          // The TLS settings are not secret; the host and the users of Postgres are.
          [file]: pulumi.unsecret(
            logins.apply((both) => conf.pgbouncerConf({ poolSize, clients }, conf.serverTls(both, ca))),
          ),
          // User names are not secret.
          [conf.hbaFile]: pulumi.unsecret(users.apply(conf.pgbouncerHba)),
          ...(server.authorities !== undefined && { [authorities]: server.authorities }),
        },
        secrets: {
          [conf.pgbouncerSecrets.databases]: logins.apply(conf.pgbouncerDatabases),
          [conf.pgbouncerSecrets.users]: users.apply(conf.pgbouncerUsers),
        },
        limits: { memory: 256, cpu: 1 },
        reaches: targets(server.target, server.resultsTarget),
        // The stack's own server is reached by a name of the stack.
        ...(!isInside(server.target) && { hosts }),
        priority: "control",
        port: conf.pgbouncerPort,
        healthy: { command: ["bash", "-c", answers], startSeconds: 60 },
        stop: { signal: "SIGTERM", graceSeconds: 10 },
      },
      { parent: this },
    );
    this.target = platform.endpoint(name, conf.pgbouncerPort);
    this.resultsTarget = this.target;
    const url = (database: DatabaseName, driver: "psycopg2" | "psycopg") =>
      secretUrl(currentLogin(ownerOf[database], secrets, this.target, database), driver);
    this.metadataUrl = url("metadata", "psycopg2");
    this.asyncUrl = url("metadata", "psycopg");
    this.resultsUrl = url("results", "psycopg2");
    this.registerOutputs();
  }
}
