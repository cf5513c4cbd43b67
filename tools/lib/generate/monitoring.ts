import { alertsOf } from "../../../components/monitoring/alerts.ts";
import { dashboards, forGrafana } from "../../../components/monitoring/dashboards.ts";
import { type Family, families } from "../../../components/monitoring/families.ts";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** A stack with all that alerts are about. */
const everything = { canary: { every: 300 }, backup: { every: 21_600, keep: 14, to: "volume" }, groups: [] };

/** Tables of the page about monitoring: alerts, and series. */
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
    "Thresholds are those of a stack with `canary: { every: 5m }` and `backup: { every: 6h }`.",
    table(["alert", "while", "for"], alerts),
    "## Series",
    table(["family", "labels", "meaning", "read from"], series),
  ].join("\n\n");
}

/** Files with the dashboards for Grafana, by path. */
export const grafanaFiles = Object.entries(dashboards).map(
  ([file, dashboard]) => [`docs/grafana/${file}.json`, () => forGrafana(file, dashboard)] as const,
);
