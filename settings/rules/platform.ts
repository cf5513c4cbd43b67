import { capabilities, needs } from "../../capabilities.ts";
import { rule } from "./rule.ts";

/** Ability that each key needs. */
const keys = { kubernetes: "nodes", workerAutoscale: "autoscale" } as const;
const groupKeys = { nodeLabels: "nodes", tolerations: "nodes", autoscale: "autoscale" } as const;

function keysOf<T extends object>(of: T): (keyof T)[] {
  return Object.keys(of) as (keyof T)[];
}

/** Rejects keys that the platform cannot honour. */
const able = rule(["platform"], ({ platform }, isGiven) =>
  keysOf(keys)
    .filter((key) => !capabilities[platform][keys[key]] && isGiven(key))
    .map((key) => ({ path: [key], message: needs(keys[key]) })),
);

const ableGroups = keysOf(groupKeys).map((key) =>
  rule(["platform", `workerGroups.*.${key}`], ({ platform, workerGroups }) =>
    workerGroups
      .filter(([, group]) => !capabilities[platform][groupKeys[key]] && group[key] !== undefined)
      .map(([at]) => ({ path: ["workerGroups", at, key], message: needs(groupKeys[key]) })),
  ),
);

const ablePods = rule(["platform", "roles.*.pod"], ({ platform, roles }) =>
  Object.entries(roles)
    .filter(([, extras]) => !capabilities[platform].manifests && extras?.pod !== undefined)
    .map(([role]) => ({ path: ["roles", role, "pod"], message: needs("manifests") })),
);

const ableBackup = rule(["platform", "backup"], ({ platform, backup }) =>
  backup?.to.startsWith("/") && !capabilities[platform].directories
    ? [{ path: ["backup", "to"], message: `${needs("directories")}; expected volume or s3://BUCKET/PREFIX` }]
    : [],
);

const pushed =
  "expected an image in a registry: npm run images -- --push REPOSITORY builds, pushes and prints it";

/** Requires images in a registry for platforms that cannot run this machine's images. */
const images = rule(["platform", "monitoring"], ({ platform, monitoring }, isGiven) => {
  if (capabilities[platform].localImages) return [];
  const needed = [
    "airflow",
    ...(isGiven("postgres.url") ? [] : (["postgres"] as const)),
    ...(isGiven("redis.url") ? [] : (["redis"] as const)),
    ...(isGiven("pgbouncer") ? (["pgbouncer"] as const) : []),
    ...(isGiven("backup") ? (["backup"] as const) : []),
    ...(monitoring ? (["monitoring"] as const) : []),
  ] as const;
  return needed
    .filter((name) => !isGiven(`images.${name}`))
    .map((name) => ({ path: ["images", name], message: pushed }));
});

/** Rejects objects of the Prometheus Operator without monitoring, whose metrics they collect. */
const operator = rule(["kubernetes.prometheusOperator", "monitoring"], ({ kubernetes, monitoring }) =>
  kubernetes?.prometheusOperator && !monitoring
    ? [
        {
          path: ["kubernetes", "prometheusOperator"],
          message:
            "without monitoring there is nothing to collect: expected monitoring as well, such as { retention: 7d }",
        },
      ]
    : [],
);

/** Requires DAGs in an image or a repository for platforms that mount no directory. */
const dags = rule(["platform"], ({ platform }, isGiven) => {
  if (capabilities[platform].directories || isGiven("dagsImage") || isGiven("dagsGit")) return [];
  const message =
    "a cluster mounts no directory: expected a repository to push DAGs to, or dagsGit, to read them from";
  return [{ path: ["dagsImage"], message }];
});

/** Rules about keys that a stack's platform cannot honour, or needs. */
export const platformRules = [able, ...ableGroups, ablePods, ableBackup, images, operator, dags];
