import * as pulumi from "@pulumi/pulumi";
import type { Platform, Target, Values } from "../../../workload.ts";
import { type BrokerTls, clientKey } from "../../broker.ts";
import { type ExtrasByRole, withExtras } from "../../roles/extras.ts";
import { programs } from "../../roles/modules.ts";
import { underInit } from "../../roles/role.ts";

export interface CheckArgs {
  readonly platform: Platform;
  /** Airflow's image, whose libraries run the check. */
  readonly image: pulumi.Input<string>;
  /** Additions of a stack to its roles, such as host names and authorities of the services. */
  readonly extras: ExtrasByRole;
  /** URLs to check: `metadata_url` and `results_url` for libpq, and `broker_url`. */
  readonly urls: Values;
  /** Files that clients also need, by path. */
  readonly files: Values;
  /** Connections that the stack may open to Postgres. */
  readonly connections: number;
  /** TLS parameters of Redis' clients. */
  readonly redisTls?: BrokerTls | undefined;
  readonly reaches: readonly Target[];
}

const folder = "/opt/airflow/check";
const names = ["check.py", "check_network.py", "check_postgres.py", "check_redis.py"];

/** Tests external services as Airflow will use them, before the deployment touches anything else. */
export class Check extends pulumi.ComponentResource {
  /** Fails if a service lacks something; the check's log names the fault and the fix. */
  readonly done: pulumi.Input<pulumi.Resource>;

  constructor(name: string, args: CheckArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Check", name, {}, opts);
    const { image, urls, files, connections, redisTls: { authorities, client } = {} } = args;
    const flags = [
      ...(authorities === undefined ? [] : ["--redis-authorities", authorities]),
      ...(client === undefined ? [] : ["--redis-certificate", client.certificate]),
    ];
    this.done = args.platform.job(
      name,
      withExtras("all", args, {
        image,
        // The check sets no variables, so none clashes with those that a stack gives its roles.
        command: underInit("python", `${folder}/check.py`, String(connections), ...flags),
        user: { uid: 50000, gid: 0 },
        secrets: { ...urls, ...(client && { [clientKey]: client.key }) },
        files: { ...programs(folder, import.meta.url, ...names), ...files },
        limits: { memory: 256, cpu: 1 },
        reaches: args.reaches,
        stop: { signal: "SIGTERM", graceSeconds: 10 },
      }),
      { parent: this },
    );
    this.registerOutputs();
  }
}
