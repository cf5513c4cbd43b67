import { type Alerting, alertsOf } from "../../../components/monitoring/alerts.ts";
import { dashboards, forGrafana } from "../../../components/monitoring/dashboards.ts";
import { type Family, families } from "../../../components/monitoring/families.ts";
import { defaultVersion } from "../../../settings/schema/versions.ts";
import { markdownTable } from "./tables.ts";

/** Settings of a stack that has all alerts. */
export const everything: Alerting = {
  platform: "kubernetes",
  version: defaultVersion,
  canary: { every: 300 },
  backup: { every: 21_600, keep: 14, to: "volume", continuous: true },
  groups: [],
  monitoring: { retention: "30d", scrape: [], alerts: { webhook: "https://hooks.example.com" } },
  postgres: {},
};

/** Renders the tables of the page about monitoring: alerts, and series. */
export function monitoringTables(): string {
  const alerts = Object.entries(alertsOf(everything)).map(([name, { expr, lasts }]) => [
    `[${name}](#${name.toLowerCase()})`,
    `\`${expr}\``,
    lasts === 0 ? "immediately" : `${lasts} s`,
  ]);
  const series = Object.entries<Family>(families).map(([name, { help, labels, source }]) => [
    `\`${name}\``,
    labels.map((label) => `\`${label}\``).join(", "),
    help,
    source,
  ]);
  return [
    "## Alerts",
    "Thresholds are those of a stack with `canary: { every: 5m }` and `backup: { every: 6h, continuous: true }`, in a cluster. With Airflow 2 there is " +
      "neither QueueUnread nor WorkerIdle, and QueueSlow has its first condition alone: workers do not report which queues they read.",
    markdownTable(["alert", "while", "for"], alerts),
    "## Series",
    markdownTable(["series", "labels", "meaning", "read from"], series),
  ].join("\n\n");
}

/** Files with the dashboards for Grafana, by path. */
export const grafanaFiles = Object.entries(dashboards).map(
  ([file, dashboard]) => [`docs/grafana/${file}.json`, () => forGrafana(file, dashboard)] as const,
);
