import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Platform, Target, Values } from "../../../workload.ts";
import { type ExtrasByRole, withExtras } from "../../roles/extras.ts";
import { underInit } from "../../roles/role.ts";

export interface CheckArgs {
  readonly platform: Platform;
  /** Airflow's, whose libraries are asked. */
  readonly image: pulumi.Input<string>;
  /** What a stack gives roles besides: it may be what leads to the services, or what they are trusted by. */
  readonly extras: ExtrasByRole;
  /** Of what is to be checked: `metadata_url`, `results_url` for libpq, and `broker_url`. */
  readonly urls: Values;
  /** What clients need besides, by path. */
  readonly files: Values;
  /** Connections that the stack may open to Postgres. */
  readonly connections: number;
  /** Path of Redis' authorities among `files`. */
  readonly redisAuthorities?: string | undefined;
  readonly reaches: readonly Target[];
}

const folder = "/opt/airflow/check";
const programs = ["check.py", "check_network.py", "check_postgres.py", "check_redis.py"].map(
  (name) => [`${folder}/${name}`, readFileSync(new URL(name, import.meta.url), "utf8")] as const,
);

/** Looks at the services that a stack is given, as Airflow will use them, before anything else is touched. */
export class Check extends pulumi.ComponentResource {
  /** Fails when something is missing there, and its log says what and how to mend it. */
  readonly done: pulumi.Input<pulumi.Resource>;

  constructor(name: string, args: CheckArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Check", name, {}, opts);
    const { image, urls, files, connections, redisAuthorities } = args;
    const authorities = redisAuthorities === undefined ? [] : [redisAuthorities];
    this.done = args.platform.job(
      name,
      withExtras("all", args, {
        image,
        // No variables of its own: a stack may give roles any.
        command: underInit("python", `${folder}/check.py`, String(connections), ...authorities),
        user: { uid: 50000, gid: 0 },
        secrets: urls,
        files: { ...Object.fromEntries(programs), ...files },
        limits: { memory: 256, cpu: 1 },
        reaches: args.reaches,
        stop: { signal: "SIGTERM", graceSeconds: 10 },
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
