import * as pulumi from "@pulumi/pulumi";
import { fileEnds } from "../../settings/model/certificates.ts";
import { connectionBudget } from "../../settings/model/connections.ts";
import { type Settings, sharesDisk, triggerersOf } from "../../settings/model/groups.ts";
import type { Endpoint } from "../../workload.ts";
import { clientKey } from "../broker.ts";
import { withExtras } from "../roles/extras.ts";
import { answersAt } from "../roles/heartbeat/heartbeat.ts";
import { programs } from "../roles/modules.ts";
import { type RoleArgs, targets, underInit } from "../roles/role.ts";
import { alertRules } from "./alerts.ts";
import { families } from "./families.ts";

/** Folder of the programs in a container of the monitoring. */
export const monitoringPrograms = "/opt/monitoring";

const port = 9464;

/** Returns a time in seconds since 1970. */
function seconds(time: Date): number {
  return time.getTime() / 1000;
}

/** Secrets that the exporter shares with the scheduler. */
const shared = ["sql_alchemy_conn", "result_backend", "broker_url", clientKey];

export interface ExporterArgs extends RoleArgs {
  readonly settings: Settings;
  readonly defaultQueue: string;
}

/** Exports the state of queues, workers, database and broker as series for Prometheus. */
export class Exporter extends pulumi.ComponentResource {
  readonly endpoint: Endpoint;

  constructor(name: string, args: ExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Exporter", name, {}, opts);
    const { platform, settings, defaultQueue } = args;
    // The exporter reads the database and the broker with the scheduler's logins.
    const { env, secrets, files } = args.environment.scheduler;
    const { logs } = args;
    const ends = Object.fromEntries(fileEnds(settings).map(([what, end]) => [what, seconds(end)]));
    const exporterSettings = {
      queues: [
        ...new Set(settings.groups.flatMap(({ queues }) => (queues.length ? queues : [defaultQueue]))),
      ],
      connections: connectionBudget(settings),
      volumes: {
        ...(logs && { logs: ["/opt/airflow/logs"] }),
        // An engine has the root of a container beside its images, and /etc/hosts beside its volumes: these may be two disks.
        ...(sharesDisk(settings) && { engine: ["/", "/etc/hosts"] }),
      },
      // Workers of Airflow 2 hold no leases.
      leases: args.version.usesExecutionApi,
      triggerers: triggerersOf(settings.groups).map(({ name }) => name),
      canary: settings.canary !== undefined,
      backup: settings.backup !== undefined,
      continuous: settings.backup?.continuous === true,
    };
    const settingsFile = (gateways?: Date) =>
      JSON.stringify({
        ...exporterSettings,
        certificates: { ...ends, gateways: gateways && seconds(gateways) },
      });
    platform.service(
      name,
      withExtras("all", args, {
        image: args.image,
        user: { uid: 50000, gid: 0 },
        env: Object.fromEntries(
          Object.entries(env).filter(([variable]) => variable.startsWith("AIRFLOW__CELERY__SSL_")),
        ),
        secrets: Object.fromEntries(Object.entries(secrets).filter(([secret]) => shared.includes(secret))),
        files: {
          ...files,
          ...programs(monitoringPrograms, import.meta.url, "exporter.py", "broker.py", "database.py"),
          [`${monitoringPrograms}/families.json`]: JSON.stringify(families),
          [`${monitoringPrograms}/settings.json`]:
            platform.gatewaysEnd?.apply(settingsFile) ?? settingsFile(),
        },
        scratch: ["/tmp"],
        volumes: logs ? { "/opt/airflow/logs": logs } : {},
        command: underInit("python", `${monitoringPrograms}/exporter.py`, String(port)),
        limits: { memory: 128, cpu: 0.5 },
        reaches: targets(args.redis, args.postgres),
        priority: "control",
        port,
        // A Prometheus outside the stack does not collect from the stack's Alertmanager.
        metrics: { job: "airflow", rules: alertRules({ ...settings, monitoring: undefined }) },
        healthy: { command: answersAt(`http://127.0.0.1:${port}/health`), startSeconds: 60 },
        stop: { signal: "SIGTERM", graceSeconds: 5 },
      }),
      { parent: this },
    );
    this.endpoint = platform.endpoint(name, port);
    this.registerOutputs();
  }
}
