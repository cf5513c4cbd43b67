import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { environment } from "../../components/roles/environment.ts";
import { localImage } from "../../images/local.ts";
import { defaultVersion } from "../../settings/schema/versions.ts";
import { project, run } from "../../tools/lib/process.ts";
import type { Outputs } from "../../tools/lib/stack.ts";

const file = join(import.meta.dirname, "compose.yaml");
const name = "bench-compose";
const mint = () => pulumi.secret(randomBytes(32).toString("base64url"));

function mapped<K extends string, T>(all: Readonly<Record<K, unknown>>, value: () => T): Record<K, T> {
  return Object.fromEntries(Object.keys(all).map((key) => [key, value()])) as Record<K, T>;
}

function textOf(input: pulumi.Input<string>): Promise<string> {
  return new Promise((resolve) => pulumi.output(input).apply(resolve));
}

async function findTool(): Promise<readonly [string, ...string[]]> {
  for (const tool of [["docker", "compose"], ["docker-compose"]] as const) {
    const [command, ...args] = tool;
    const found = await run(command, [...args, "version"]).catch(() => undefined);
    if (found !== undefined) return tool;
  }
  const install = "apt-get install -y --no-install-recommends docker-compose";
  if (process.getuid?.() !== 0)
    throw new Error(`The benchmark compares with docker compose, which is missing. Install it: ${install}`);
  console.log("  installing docker-compose");
  await run("sh", ["-c", `apt-get update && DEBIAN_FRONTEND=noninteractive ${install}`]);
  return ["docker-compose"];
}

/** Settings of the file: those that are usual in one, as a stack has them. All others are Airflow's defaults. */
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

/** Environment of all services: usual settings, one database, an open broker, and tokens that are signed with a text. */
async function settings(adminPassword: string, postgresPassword: string): Promise<Record<string, string>> {
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

/** Deployment of compose.yaml, with the same images as a stack. */
export class Compose {
  readonly prefix = `${name}_`;
  readonly outputs: Outputs;
  private readonly tool: readonly [string, ...string[]];
  private readonly folder: string;
  private readonly env: Readonly<Record<string, string>>;

  private constructor(tool: readonly [string, ...string[]], port: number) {
    this.tool = tool;
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
    this.outputs = {
      webserverUrl: `http://127.0.0.1:${port}`,
      flowerUrl: `http://127.0.0.1:${port + 1}`,
      adminUser: "admin",
      adminPassword: randomBytes(16).toString("hex"),
      workers: ["worker-1", "worker-2"],
      version: defaultVersion,
    };
    this.env = {
      BENCH_AIRFLOW_IMAGE: localImage("airflow"),
      BENCH_POSTGRES_IMAGE: localImage("postgres"),
      BENCH_REDIS_IMAGE: localImage("redis"),
      BENCH_ENV_FILE: join(this.folder, "airflow.env"),
      BENCH_POSTGRES_PASSWORD_FILE: join(this.folder, "postgres_password"),
      BENCH_DAGS: join(this.folder, "dags"),
      BENCH_WEBSERVER_PORT: String(port),
      BENCH_FLOWER_PORT: String(port + 1),
    };
  }

  /**
   * @param dags folder of DAG files, added to the project's own
   * @param port the first of two free ports
   */
  static async prepare(dags: string, port: number): Promise<Compose> {
    const compose = new Compose(await findTool(), port);
    for (const source of [join(project, "dags"), dags])
      cpSync(source, compose.env.BENCH_DAGS ?? "", { recursive: true });
    const postgresPassword = randomBytes(16).toString("hex");
    const values = await settings(compose.outputs.adminPassword, postgresPassword);
    const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(join(compose.folder, "airflow.env"), lines.join(""), { mode: 0o600 });
    // World-readable for the database's user, who gets a mount of this file; the folder is closed to others.
    writeFileSync(join(compose.folder, "postgres_password"), postgresPassword, { mode: 0o444 });
    return compose;
  }

  async up(): Promise<void> {
    await this.call("up", "--detach");
  }

  /** Removes everything, including data. */
  async remove(): Promise<void> {
    await this.call("down", "--volumes", "--remove-orphans", "--timeout", "5");
  }

  /** Deletes the secrets. */
  forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private call(...args: string[]): Promise<string> {
    const [command, ...first] = this.tool;
    const env = this.env;
    return run(command, [...first, "--file", file, "--project-name", name, ...args], { env });
  }
}
