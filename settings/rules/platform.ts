import type { ParsedConfig } from "../schema/schema.ts";
import type { Fault } from "./fault.ts";
import { each } from "./readable.ts";

/** Rejects keys that need a cluster: Docker engines have no nodes. */
function clusterOnly(parsed: ParsedConfig): Fault[] {
  const message = "it needs platform: kubernetes";
  const keys = (["kubernetes", "workerAutoscale"] as const).filter((key) => parsed[key] !== undefined);
  const inGroups = each(parsed.workerGroups, (group, at) =>
    (["nodeLabels", "tolerations", "autoscale"] as const)
      .filter((key) => group[key] !== undefined)
      .map((key) => ({ path: ["workerGroups", at, key], message })),
  );
  return [...keys.map((key) => ({ path: [key], message })), ...inGroups];
}

/** Requires images and DAGs for a cluster, which sees neither this machine's files nor its images. */
function clusterNeeds(parsed: ParsedConfig): Fault[] {
  const needed = [
    "airflow",
    ...(parsed.postgres.url === undefined ? (["postgres"] as const) : []),
    ...(parsed.redis.url === undefined ? (["redis"] as const) : []),
    ...(parsed.pgbouncer === undefined ? [] : (["pgbouncer"] as const)),
  ] as const;
  const images = needed.filter((name) => parsed.images[name] === undefined);
  const faults: Fault[] = images.map((name) => ({
    path: ["images", name],
    message:
      "expected an image of a registry: npm run images -- --push REPOSITORY builds, pushes and prints it",
  }));
  if (parsed.dagsImage === undefined && parsed.dagsGit === undefined) {
    faults.push({
      path: ["dagsImage"],
      message: "a cluster needs it, to push DAGs to, or dagsGit, to read them from",
    });
  }
  return faults;
}

/** Reports keys that the platform of a stack cannot honour, or needs. */
export function platformFaults(parsed: ParsedConfig): Fault[] {
  return parsed.platform === "docker" ? clusterOnly(parsed) : clusterNeeds(parsed);
}
