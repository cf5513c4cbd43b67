import { leavesIn, type Path } from "../../settings/schema/path.ts";
import { type Item, matchPath } from "../rule.ts";
import { plainValue, type Tree } from "../source.ts";

type Scalar = string | number | boolean;

/**
 * Defaults of all versions of the official chart that would change a stack if they were taken over. Rules handle the other
 * defaults, and empty ones need no entry.
 */
const defaults: readonly (readonly [pattern: string, ...values: readonly Scalar[]])[] = [
  ["workers.{replicas,queue}", 1, "default"],
  ["workers.celery.{replicas,queue}", 1, "default"],
  ["{scheduler,webserver,apiServer,triggerer,dagProcessor,pgbouncer}.replicas", 1],
  ["workers.persistence.size", "100Gi"],
  ["workers.celery.persistence.size", "100Gi"],
  ["triggerer.persistence.size", "100Gi"],
  ["workers.terminationGracePeriodSeconds", 600],
  ["workers.celery.terminationGracePeriodSeconds", 600],
  ["**.safeToEvict", true, false],
  ["**.logGroomerSidecar.{enabled,retentionDays,retentionMinutes,frequencyMinutes}", true, 15, 0],
  ["**.logGroomerSidecar.{maxSizeBytes,maxSizePercent}", 0],
  ["**.logGroomerSidecar.args.*", "bash", "/clean-logs"],
  [
    "**.containerLifecycleHooks.preStop.exec.command.*",
    "/bin/sh",
    "-c",
    "killall -INT pgbouncer && sleep 120",
  ],
  ["*.defaultUser.{enabled,role,username,password}", true, "Admin", "admin"],
  ["*.defaultUser.{email,firstName,lastName}", "admin@example.com", "admin", "user"],
  ["{webserver,apiServer}.allowPodLogReading", true],
  ["allowPodLaunching", true],
  ["{dagProcessor,flower}.enabled", false, true],
  ["statsd.enabled", true],
  ["statsd.{uid,terminationGracePeriodSeconds}", 65534, 30],
  ["statsd.cache.{size,type,ttl}", 1000, "lru", "0s"],
  ["redis.persistence.size", "1Gi"],
  ["logs.persistence.size", "100Gi"],
  ["ingress.*.{path,pathType}", "/", "ImplementationSpecific"],
  ["pgbouncer.{maxClientConn,metadataPoolSize,resultBackendPoolSize}", 100, 10, 5],
  ["workers.keda.{minReplicaCount,maxReplicaCount}", 0, 10],
  [
    "dagProcessor.dagBundleConfigList.*.{name,classpath}",
    "dags-folder",
    "airflow.dag_processing.bundles.local.LocalDagBundle",
  ],
  ["workers.celery.enableDefault", true],
  ["config.core.{load_examples,colored_console_log}", "False"],
  ["config.core.auth_manager", "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"],
  ["config.logging.{colored_console_log,remote_logging}", "False"],
  ["config.{metrics,scheduler}.{statsd_port,statsd_prefix,run_duration}", 9125, "airflow", 41460],
  ["config.{webserver,fab}.{enable_proxy_fix,rbac}", "True"],
  ["config.celery.{worker_concurrency,sync_parallelism}", 16, 0],
  ["config.triggerer.{default_capacity,capacity}", 1000],
  [
    "config.elasticsearch.{json_format,log_id_template}",
    "True",
    "{dag_id}_{task_id}_{execution_date}_{try_number}",
  ],
  ["config.{elasticsearch_configs,opensearch_configs}.{max_retries,timeout,retry_timeout}", 3, 30, "True"],
  ["config.celery_kubernetes_executor.kubernetes_queue", "kubernetes"],
];

/** Number of defaults in a file above which the file counts as a copy of all, so that its defaults are not the user's choice. */
const copyThreshold = 25;

const defaultValues = defaults.map(([pattern, ...values]) => ({ pattern: pattern.split("."), values }));

function isDefaultAt(path: Path, value: unknown): boolean {
  const names = path.map(String);
  return defaultValues.some(
    ({ pattern, values }) =>
      values.some((known) => known === value) && matchPath(pattern, names) !== undefined,
  );
}

/** True if a file is a copy of all of the chart's defaults, with some of them changed. */
export function isFullCopy(tree: Tree): boolean {
  return (
    leavesIn(plainValue(tree)).filter(([path, value]) => isDefaultAt(path, value)).length >= copyThreshold
  );
}

/** True if an item has the chart's default value. */
export function isDefault({ path, value }: Item): boolean {
  const values = leavesIn(value, path).filter(([, leaf]) => leaf !== null && leaf !== "");
  return values.every(([at, leaf]) => isDefaultAt(at, leaf));
}
