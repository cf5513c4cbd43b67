import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/model/groups.ts";
import type { PostgresLogin } from "../../settings/model/urls/postgresUrl.ts";
import type { SecretName } from "../../settings/schema/schema.ts";
import { type Endpoint, type Platform, runtimeDirectory } from "../../workload.ts";
import { programs } from "../roles/modules.ts";
import type { Secrets } from "../secrets.ts";

/** Postgres roles that own a database of the same name, each with the secret that is the password of its logins. */
export const owners = {
  airflow: "metadataPassword",
  airflow_results: "resultsPassword",
} as const satisfies Record<string, SecretName>;
export type Owner = keyof typeof owners;

/** Names of the Postgres roles that may log in to a database. Not secret. */
interface Login {
  readonly current: pulumi.Output<string>;
  /** Empty if there is no previous login. */
  readonly previous: pulumi.Output<string>;
}

/** Names a Postgres role for each password, since a role has only one: first the owner, then members of the owner. */
export function loginOf(owner: Owner, { replaced, previous }: Secrets): Login {
  const { [owner]: name } = owners;
  const login = (times: number) => (times === 0 ? owner : `${owner}_${times + 1}`);
  return {
    current: replaced.apply(({ [name]: times }) => login(times)),
    previous: pulumi.unsecret(
      pulumi
        .all([replaced, previous])
        .apply(([{ [name]: times }, valid]) => (valid[name] === undefined ? "" : login(times - 1))),
    ),
  };
}

/** Returns the current login of an owner to a database, at its server or at PgBouncer. */
export function currentLogin(
  owner: Owner,
  secrets: Secrets,
  endpoint: Endpoint,
  database: string,
): pulumi.Output<PostgresLogin> {
  return pulumi
    .all([loginOf(owner, secrets).current, secrets.values[owners[owner]]])
    .apply(([user, password]): PostgresLogin => {
      return { ...endpoint, user, password, database, parameters: {} };
    });
}

/** Times that secrets were replaced, as the state has them. */
export type Replaced = Readonly<Partial<Record<SecretName, number>>>;

const databasePasswords = ["metadataPassword", "resultsPassword", "postgresPassword"] as const;

/**
 * True if the database's passwords may differ from those at its creation.
 * @param replaced times each secret has been replaced, also by keys that the stack file had earlier
 */
export function hasLogins({ secrets, secretGenerations }: Settings, replaced: Replaced): boolean {
  return databasePasswords.some(
    (name) =>
      secrets[name] !== undefined || secretGenerations[name] !== undefined || (replaced[name] ?? 0) > 0,
  );
}

export interface LoginsArgs {
  readonly platform: Platform;
  /** An image with `psql`. */
  readonly image: string;
  readonly postgres: Endpoint;
  readonly secrets: Secrets;
}

const folder = "/opt/logins";
const scripts = ["logins.sh", "login.sql"] as const;
const files = programs(folder, import.meta.url, ...scripts);

/** Makes the database accept only the current passwords and the previous ones. */
export class Logins extends pulumi.ComponentResource {
  /** Every resource that logs in depends on this job. */
  readonly done: pulumi.Input<pulumi.Resource>;

  constructor(name: string, args: LoginsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Logins", name, {}, opts);
    const { platform, image, postgres, secrets } = args;
    const { values, older } = secrets;
    const metadata = loginOf("airflow", secrets);
    const results = loginOf("airflow_results", secrets);
    // Postgres still has one of these passwords of the superuser, with which the job logs in.
    const superuser = pulumi
      .all([values.postgresPassword, older])
      .apply(([current, { postgresPassword: earlier }]) => `${[current, ...earlier].join("\n")}\n`);
    this.done = platform.job(
      name,
      {
        image,
        command: ["sh", `${folder}/${scripts[0]}`, folder],
        user: { uid: 999, gid: 999 },
        env: {
          PGHOST: postgres.host,
          PGPORT: String(postgres.port),
          PGPASSFILE: `${runtimeDirectory}/pgpass`,
          METADATA_LOGIN: metadata.current,
          METADATA_PREVIOUS: metadata.previous,
          RESULTS_LOGIN: results.current,
          RESULTS_PREVIOUS: results.previous,
        },
        secrets: {
          postgres_passwords: superuser,
          metadata_password: values.metadataPassword,
          results_password: values.resultsPassword,
        },
        files,
        limits: { memory: 256, cpu: 1 },
        reaches: [postgres],
        stop: { signal: "SIGTERM", graceSeconds: 10 },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
