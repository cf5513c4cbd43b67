import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { secretsDirectory } from "../../workload.ts";
import { withExtras } from "../roles/extras.ts";
import { airflowRole, type RoleArgs, underInit } from "../roles/role.ts";

export interface MigrationArgs extends RoleArgs {
  readonly adminUser: string;
  readonly adminPassword: pulumi.Input<string>;
  /** Number of times that the password was replaced; a change sets the password of an existing administrator. */
  readonly replaced: pulumi.Input<number>;
  /** True if values with an old fernet key are re-encrypted with the current one. */
  readonly reencrypts: boolean;
  /** Seconds after which the migration counts as failed. */
  readonly maxSeconds: number;
}

const script = "/opt/airflow/migrate.py";
const program = readFileSync(new URL("migrate.py", import.meta.url), "utf8");

/** Migrates the metadata database to the schema of this Airflow version, before anything uses the database. */
export class Migration extends pulumi.ComponentResource {
  /** Fails if the migration fails; every resource that needs the schema depends on it. */
  readonly done: pulumi.Input<pulumi.Resource>;

  constructor(name: string, args: MigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Migration", name, {}, opts);
    const role = airflowRole("migration", args);
    const { adminUser, adminPassword, replaced, reencrypts, maxSeconds } = args;
    const password = `${secretsDirectory}/admin_password`;
    this.done = args.platform.job(
      name,
      withExtras("migration", args, {
        ...role,
        command: underInit("python", script, adminUser, password, ...(reencrypts ? ["--reencrypt"] : [])),
        env: { ...role.env, ADMIN_PASSWORD_REPLACED: pulumi.output(replaced).apply(String) },
        secrets: { ...role.secrets, admin_password: adminPassword },
        files: { ...role.files, [script]: program },
        limits: { memory: 1024, cpu: 2 },
        reaches: [args.postgres],
        maxSeconds,
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
