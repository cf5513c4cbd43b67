import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { environment } from "../../components/roles/environment.ts";
import { defaultVersion } from "../../settings/schema/versions.ts";

const mint = () => pulumi.secret(randomBytes(32).toString("base64url"));

function mapped<K extends string, T>(all: Readonly<Record<K, unknown>>, value: () => T): Record<K, T> {
  return Object.fromEntries(Object.keys(all).map((key) => [key, value()])) as Record<K, T>;
}

function textOf(input: pulumi.Input<string>): Promise<string> {
  return new Promise((resolve) => pulumi.output(input).apply(resolve));
}

/** Settings that are usual in a compose file or the values of a chart, as a stack has them. All others are Airflow's defaults. */
const given = [
  "API__BASE_URL",
  "API__SECRET_KEY",
  "CELERY__BROKER_URL",
  "CELERY__FLOWER_BASIC_AUTH",
  "CELERY__RESULT_BACKEND",
  "CELERY__WORKER_CONCURRENCY",
  "CORE__AUTH_MANAGER",
  "CORE__EXECUTION_API_SERVER_URL",
  "CORE__EXECUTOR",
  "CORE__FERNET_KEY",
  "CORE__LOAD_EXAMPLES",
  "DATABASE__SQL_ALCHEMY_CONN",
  // Off: Airflow would ask a server on the internet.
  "USAGE_DATA_COLLECTION__ENABLED",
];

/** Returns the environment of all services: usual settings, one database, an open broker, and tokens that are signed with a text. */
async function usualSettings(
  adminPassword: string,
  postgresPassword: string,
): Promise<Record<string, string>> {
  const values = pulumi.output({
    postgresPassword: pulumi.secret(postgresPassword),
    metadataPassword: pulumi.secret(postgresPassword),
    resultsPassword: pulumi.secret(postgresPassword),
    brokerPassword: mint(),
    fernetKey: mint().apply((key) => `${key}=`),
    jwtSecret: mint(),
    apiSecretKey: mint(),
    adminPassword: pulumi.secret(adminPassword),
    backupKey: mint(),
  });
  const older = values.apply((all) => mapped(all, (): string[] => []));
  const secrets = { values, older, previous: pulumi.output({}), jwks: pulumi.output("") };
  const url = pulumi.secret(`postgresql+psycopg2://airflow:${postgresPassword}@postgres:5432/airflow`);
  const database = { metadataUrl: url, resultsUrl: url, files: {}, pooled: false };
  const roles = environment({
    broker: { url: pulumi.secret("redis://redis:6379/0"), files: {} },
    database,
    server: database,
    webserver: { host: "api-server", port: 8080 },
    localUrl: "http://127.0.0.1:8080",
    secrets,
    version: defaultVersion,
    adminUser: "admin",
    namesInstances: true,
    parallelism: 32,
    settings: [{ celery: { worker_concurrency: "4" } }],
  });
  const variables: Record<string, string> = {};
  for (const { env, secrets } of Object.values(roles)) {
    for (const [variable, value] of Object.entries(env)) {
      const hidden = secrets[/^cat .*\/(.*)$/.exec(await textOf(value))?.[1] ?? ""];
      const name = variable.replace(/_CMD$/, "");
      // A role without the database names a file instead, so the secret's value wins.
      if (hidden !== undefined || !(name in variables)) variables[name] = await textOf(hidden ?? value);
    }
  }
  const few = Object.entries(variables).filter(([name]) => given.includes(name.replace("AIRFLOW__", "")));
  return {
    ...Object.fromEntries(few),
    AIRFLOW__API_AUTH__JWT_SECRET: await textOf(values.jwtSecret),
    BENCH_ADMIN_PASSWORD: adminPassword,
  };
}

/** Writes the environment of all services as `KEY=VALUE` lines, for their owner alone. */
export async function writeUsualSettings(
  file: string,
  adminPassword: string,
  postgresPassword: string,
): Promise<void> {
  const values = await usualSettings(adminPassword, postgresPassword);
  const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
}
