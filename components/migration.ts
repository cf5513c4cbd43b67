import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { secretsDirectory } from "../workload.ts";
import type { RoleArgs } from "./role.ts";
import { airflowRole, main } from "./role.ts";

export interface MigrationArgs extends RoleArgs {
  readonly adminUser: string;
  readonly adminPassword: pulumi.Input<string>;
}

const script = "/opt/airflow/migrate.py";
const program = readFileSync(new URL("migrate.py", import.meta.url), "utf8");

/** Brings the metadata database to the schema of this Airflow version, once per version, before anything uses it. */
export class Migration extends pulumi.ComponentResource {
  /** Fails when the migration failed; whatever needs the schema depends on it. */
  readonly done: pulumi.Input<pulumi.Resource>;

  constructor(name: string, args: MigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Migration", name, {}, opts);
    const role = airflowRole("migration", args);
    this.done = args.platform.job(
      name,
      {
        ...role,
        command: main("python", script, args.adminUser, `${secretsDirectory}/admin_password`),
        secrets: { ...role.secrets, admin_password: args.adminPassword },
        files: { [script]: program },
        limits: { memory: 1024, cpu: 2 },
        reaches: [args.postgres],
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
