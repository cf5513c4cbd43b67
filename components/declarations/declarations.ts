import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { DeclaredObjects } from "../../settings/schema/declarations.ts";
import { secretsDirectory } from "../../workload.ts";
import { withExtras } from "../roles/extras.ts";
import { airflowRole, type RoleArgs, underInit } from "../roles/role.ts";
import { renderDeclarations } from "./content.ts";
import type { Names } from "./record.ts";

export interface DeclarationsArgs extends RoleArgs {
  readonly declared: DeclaredObjects;
  /** Names to delete from Airflow. */
  readonly deleted: Names;
}

const script = "/opt/airflow/declare.py";
const program = readFileSync(new URL("declare.py", import.meta.url), "utf8");

/** Writes the connections, variables, pools and users of a stack to Airflow's database when they change. */
export class Declarations extends pulumi.ComponentResource {
  constructor(name: string, args: DeclarationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Declarations", name, {}, opts);
    const { platform, declared, deleted } = args;
    const role = airflowRole("migration", args);
    const content = pulumi.secret(
      pulumi.jsonStringify({ declared: renderDeclarations(declared, platform), deleted }),
    );
    platform.job(
      name,
      withExtras("migration", args, {
        ...role,
        command: underInit("python", script, `${secretsDirectory}/declarations.json`),
        secrets: { ...role.secrets, "declarations.json": content },
        files: { ...role.files, [script]: program },
        limits: { memory: 1024, cpu: 2 },
        reaches: [args.postgres],
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
