import { rule } from "./rule.ts";

const needsCluster = "it needs platform: kubernetes";

/** Rejects keys that need a cluster: Docker engines have no nodes. */
const clusterOnly = rule(["platform"], ({ platform }, isGiven) =>
  (["kubernetes", "workerAutoscale"] as const)
    .filter((key) => platform === "docker" && isGiven(key))
    .map((key) => ({ path: [key], message: needsCluster })),
);

const groupsOfCluster = (["nodeLabels", "tolerations", "autoscale"] as const).map((key) =>
  rule(["platform", `workerGroups.*.${key}`], ({ platform, workerGroups }) =>
    workerGroups.flatMap(([at, group]) =>
      platform === "docker" && group[key] !== undefined
        ? [{ path: ["workerGroups", at, key], message: needsCluster }]
        : [],
    ),
  ),
);

const podsOfCluster = rule(["platform", "roles.*.pod"], ({ platform, roles }) =>
  Object.entries(roles).flatMap(([role, extras]) =>
    platform === "docker" && extras?.pod !== undefined
      ? [{ path: ["roles", role, "pod"], message: needsCluster }]
      : [],
  ),
);

const pushed =
  "expected an image of a registry: npm run images -- --push REPOSITORY builds, pushes and prints it";

/** Requires images and DAGs for a cluster, which sees neither this machine's files nor its images. */
const clusterNeeds = rule(["platform"], ({ platform }, isGiven) => {
  if (platform === "docker") return [];
  const needed = [
    "airflow",
    ...(isGiven("postgres.url") ? [] : (["postgres"] as const)),
    ...(isGiven("redis.url") ? [] : (["redis"] as const)),
    ...(isGiven("pgbouncer") ? (["pgbouncer"] as const) : []),
  ] as const;
  const images = needed
    .filter((name) => !isGiven(`images.${name}`))
    .map((name) => ({ path: ["images", name], message: pushed }));
  if (isGiven("dagsImage") || isGiven("dagsGit")) return images;
  const message = "a cluster needs it, to push DAGs to, or dagsGit, to read them from";
  return [...images, { path: ["dagsImage"], message }];
});

/** Checks of keys that the platform of a stack cannot honour, or needs. */
export const platformRules = [clusterOnly, ...groupsOfCluster, podsOfCluster, clusterNeeds];
