import { at, plainAt, type SourcePath, type Tree } from "../source.ts";

/** Keys at the top of the official chart's values. */
const officialKeys = new Set(
  `affinity airflowConfigAnnotations airflowHome airflowLocalSettings airflowPodAnnotations airflowVersion allowJobLaunching
  allowPodLaunching apiSecretAnnotations apiSecretKey apiSecretKeySecretName apiServer cleanup config containerLifecycleHooks
  createUserJob dagProcessor dags data databaseCleanup defaultAirflowDigest defaultAirflowRepository defaultAirflowTag
  elasticsearch enableBuiltInSecretEnvVars env executor extraConfigMaps extraEnv extraEnvFrom extraSecrets fernetKey
  fernetKeySecretAnnotations fernetKeySecretName flower fullnameOverride gid global imagePullSecrets images ingress
  jwtSecret jwtSecretAnnotations jwtSecretName kerberos labels limits logs migrateDatabaseJob multiNamespaceMode
  nameOverride namespaceOverride networkPolicies nodeSelector opensearch otelCollector pgbouncer podTemplate
  podTemplateFile ports postgresql priorityClasses quotas rbac redis registry revisionHistoryLimit scheduler schedulerName
  secret securityContext securityContexts serviceAccount statsd tolerations topologySpreadConstraints triggerer uid
  useStandardNaming volumeMounts volumes webserver webserverSecretAnnotations webserverSecretKey
  webserverSecretKeySecretName workers`.split(/\s+/),
);

/** Paths of values that no other chart has. */
const specific: readonly SourcePath[] = [
  ["airflowVersion"],
  ["defaultAirflowRepository"],
  ["defaultAirflowTag"],
  ["defaultAirflowDigest"],
  ["airflowHome"],
  ["fernetKey"],
  ["fernetKeySecretName"],
  ["webserverSecretKey"],
  ["webserverSecretKeySecretName"],
  ["apiSecretKeySecretName"],
  ["createUserJob"],
  ["migrateDatabaseJob"],
  ["dagProcessor"],
  ["data", "metadataConnection"],
  ["data", "metadataSecretName"],
  ["data", "brokerUrl"],
  ["data", "brokerUrlSecretName"],
  ["images", "airflow"],
  ["config", "core"],
  ["config", "celery"],
  ["config", "scheduler"],
  ["config", "webserver"],
  ["config", "logging"],
  ["dags", "gitSync"],
  ["workers", "celery"],
  ["workers", "keda"],
];

/** Keys whose values are maps in the official chart, and often something else in other files. */
const maps = [
  "workers",
  "scheduler",
  "webserver",
  "apiServer",
  "triggerer",
  "flower",
  "images",
  "config",
  "data",
  "dags",
];

const executor = /^([\w.]*Executor)(\s*,\s*[\w.:]*Executor)*$/;

function keysOf(tree: Tree | undefined): string[] {
  return tree?.kind === "map" ? [...tree.entries.keys()] : [];
}

function isMapOrNothing(tree: Tree | undefined): boolean {
  return tree === undefined || tree.kind === "map" || (tree.kind === "leaf" && tree.value === null);
}

function isOfficial(tree: Tree): boolean {
  const keys = keysOf(tree);
  const known = keys.filter((key) => officialKeys.has(key)).length;
  if (known === 0 || !maps.every((key) => isMapOrNothing(at(tree, [key])))) return false;
  const name = plainAt(tree, ["executor"]);
  const isExecutor = typeof name === "string" && executor.test(name);
  if (name !== undefined && name !== null && !isExecutor && !String(name).includes("{{")) return false;
  const isSpecific = isExecutor || specific.some((path) => at(tree, path) !== undefined);
  return known === keys.length || (isSpecific && known * 2 > keys.length);
}

/** True for the community's chart, which has most values below `airflow`, under other names. */
function isCommunitys(tree: Tree): boolean {
  const inner = keysOf(at(tree, ["airflow"]));
  const communityKeys = [
    "image",
    "users",
    "legacyCommands",
    "extraPipPackages",
    "dbMigrations",
    "kubernetesPodTemplate",
    "connections",
  ];
  const isFlat = keysOf(at(tree, ["airflow", "config"])).some((key) => key.startsWith("AIRFLOW__"));
  const outer = keysOf(tree).filter((key) => ["web", "externalDatabase", "externalRedis"].includes(key));
  return inner.length > 0 && (isFlat || communityKeys.some((key) => inner.includes(key)) || outer.length > 0);
}

function isBitnamis(tree: Tree): boolean {
  const repository = at(tree, ["image", "repository"]);
  if (repository?.kind === "leaf" && /bitnami\w*\/airflow/.test(String(repository.value))) return true;
  const bitnamiKeys = [
    "auth",
    "web",
    "worker",
    "loadExamples",
    "externalDatabase",
    "externalRedis",
    "setupDBJob",
    "image",
    "metrics",
  ];
  const found = keysOf(tree).filter((key) => bitnamiKeys.includes(key));
  return (
    found.length > 1 &&
    keysOf(tree).some((key) => ["executor", "dags", "scheduler", "redis", "web"].includes(key))
  );
}

type Chart =
  | { readonly kind: "official"; readonly path: SourcePath }
  | { readonly kind: "other"; readonly name: string }
  | { readonly kind: "none" };

/** Recognizes the chart that a file has values of; a chart that depends on the official one has them below `airflow`. */
export function chartOf(tree: Tree): Chart {
  if (isCommunitys(tree)) return { kind: "other", name: "the community's chart (airflow-helm/charts)" };
  if (isBitnamis(tree)) return { kind: "other", name: "Bitnami's chart" };
  if (isOfficial(tree)) return { kind: "official", path: [] };
  const inner = at(tree, ["airflow"]);
  return inner && isOfficial(inner) ? { kind: "official", path: ["airflow"] } : { kind: "none" };
}
