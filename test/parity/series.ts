import { families } from "../../components/monitoring/families.ts";
import { waitFor } from "../../tools/lib/process.ts";
import type { Exec } from "./reach.ts";

/** Families of the exporter that a stack without a canary, backups and certificates has. */
export const expectedSeries = Object.keys(families)
  .filter((name) => !/^airflow_(canary|backup|certificate)/.test(name))
  .sort();

/** Names of the series that the monitoring of a stack finds at the exporter, once there are enough. */
export function collectedSeries(place: string, monitoring: Exec): Promise<string[]> {
  return waitFor(`the series ${place}`, 60, async () => {
    const text = await monitoring("curl", "-fsS", "http://exporter:9464/metrics");
    const names = [...new Set(text.match(/^airflow_\w+/gm))].sort();
    return names.length >= expectedSeries.length ? names : undefined;
  });
}
