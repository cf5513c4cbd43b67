import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type Settings, sharesDisk } from "../../settings/model/groups.ts";
import { volumeBytes } from "../../settings/model/sizes.ts";
import { kubernetesDefaults } from "../../settings/schema/kubernetes.ts";
import type { MonitoringSettings } from "../../settings/schema/upkeep/monitoring.ts";
import { type Endpoint, type Platform, runtimeDirectory } from "../../workload.ts";
import { answersAt } from "../roles/heartbeat/heartbeat.ts";
import { underInit } from "../roles/role.ts";
import { alertmanagerConfig } from "./alertmanager.ts";
import { rulesFile } from "./alerts.ts";
import { consoles } from "./consoles.ts";
import { monitoringPrograms } from "./exporter.ts";

/** Port of Prometheus, in its container. */
export const monitoringPort = 9090;

/** Address of Alertmanager, in the container of Prometheus. */
const alertmanager = "127.0.0.1:9093";

/** Scrape job for Alertmanager's counters of notifications. */
const alertmanagerJob = {
  job_name: "alertmanager",
  static_configs: [{ targets: [alertmanager] }],
  metric_relabel_configs: [
    { source_labels: ["__name__"], regex: "alertmanager_notifications_.*_total", action: "keep" },
  ],
};

/** Renders a scrape job, whose configuration names the parts of the URL separately. */
function scrapeJob(name: string, url: string) {
  const { protocol, host, pathname } = new URL(url);
  return {
    job_name: name,
    scheme: protocol.slice(0, -1),
    metrics_path: pathname,
    static_configs: [{ targets: [host] }],
  };
}

/** Renders the configuration of Prometheus, which scrapes the exporter and the stack's URLs, as JSON, which is YAML. */
function prometheusFile({ host, port }: Endpoint, urls: readonly string[], notifies: boolean): string {
  return JSON.stringify({
    global: {
      scrape_interval: "15s",
      scrape_timeout: "14s",
      evaluation_interval: "15s",
      // Distinguishes the alerts of stacks that have one receiver.
      external_labels: { stack: pulumi.getStack() },
    },
    rule_files: ["rules.json"],
    ...(notifies && { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
    scrape_configs: [
      scrapeJob("airflow", `http://${host}:${port}/metrics`),
      ...urls.map((url, at) => scrapeJob(`scrape-${at + 1}`, url)),
      ...(notifies ? [alertmanagerJob] : []),
    ],
  });
}

export interface MonitoringArgs {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly monitoring: MonitoringSettings;
  readonly exporter: Endpoint;
  readonly adminPassword: pulumi.Input<string>;
}

/** Returns the size above which the oldest series go, in Prometheus' units: 80 % of a cluster's volume, or 20 GiB of an engine's disk. */
function retentionSize(settings: Settings): string {
  const { kubernetes = kubernetesDefaults } = settings;
  const bytes = sharesDisk(settings) ? 20 * 2 ** 30 : 0.8 * volumeBytes(kubernetes.storage.volumes);
  return `${Math.floor(bytes / 2 ** 20)}MB`;
}

/** Collects series, keeps them, shows them to people and raises alerts. Nothing of Airflow depends on it. */
export class Monitoring extends pulumi.ComponentResource {
  /** URL at which people find Prometheus. */
  readonly url: string;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("airflow:index:Monitoring", name, {}, opts);
    const { platform, settings, monitoring, exporter, adminPassword } = args;
    const { alerts, scrape, retention } = monitoring;
    const { proxy } = settings;
    this.url = platform.url(name, settings.monitoringPort);
    const path = new URL(this.url).pathname.replace(/\/$/, "");
    const here = `http://127.0.0.1:${monitoringPort}${path}`;
    const alsoHealthy = alerts ? ["--fail-early", `http://${alertmanager}/-/healthy`, "-o", "/dev/null"] : [];
    const start = readFileSync(new URL("start.sh", import.meta.url), "utf8");
    platform.service(
      name,
      {
        image: settings.images.monitoring,
        command: underInit(
          "bash",
          `${monitoringPrograms}/start.sh`,
          settings.adminUser,
          retention,
          this.url,
          path || "/",
          retentionSize(settings),
        ),
        user: { uid: 999, gid: 999 },
        secrets: {
          admin_password: adminPassword,
          ...(alerts && { "alertmanager.json": alertmanagerConfig(alerts, platform, proxy) }),
        },
        files: {
          [`${monitoringPrograms}/start.sh`]: start,
          [`${monitoringPrograms}/prometheus.json`]: prometheusFile(exporter, scrape, alerts !== undefined),
          [`${monitoringPrograms}/rules.json`]: rulesFile(settings),
          ...consoles(`${monitoringPrograms}/consoles`),
        },
        volumes: { "/series": platform.volume("series", "exclusive") },
        scratch: ["/tmp"],
        hosts: settings.extraHosts,
        limits: { memory: 256, cpu: 1 },
        reaches: [exporter],
        ...((alerts || scrape.length > 0) && { outbound: true }),
        stateful: true,
        priority: "control",
        port: monitoringPort,
        loopbackPort: settings.monitoringPort,
        healthy: {
          // The health check has to log in, too.
          command: answersAt(`${here}/-/healthy`, "-K", `${runtimeDirectory}/login`, ...alsoHealthy),
          startSeconds: 60,
        },
        stop: { signal: "SIGTERM", graceSeconds: 20 },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
